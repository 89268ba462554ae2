// updates.json: sessions of several yjs clients around one server, update by update, with what each update holds.

import { Y, hex, save } from "./packages.mjs";

/** A small seeded generator (mulberry32): the same seed, the same session. */
function chance(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return { below: (n) => Math.floor(next() * n), pick: (list) => list[Math.floor(next() * list.length)] };
}

const words = ["a", "b", "x = 1\n", "漢", "字", "😀", "👩‍👩‍👧", "é", "\t", "print('hi')\n", "𝒳𝒴", "ab", " "];

/** Cuts a text at a place that is not inside a surrogate pair, as our clients do. */
function whole(text, index) {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc00 && unit < 0xe000 ? index - 1 : index;
}

/** What yjs itself says is in an update. */
function contents(update) {
  const { structs, ds } = Y.decodeUpdate(update);
  const id = (one) => (one === null || one === undefined ? null : [one.client, one.clock]);
  const read = structs.map((struct) => ({
    client: struct.id.client,
    clock: struct.id.clock,
    length: struct.length,
    kind: struct.content === undefined ? "gc" : struct.content.constructor === Y.ContentString ? "string" : "deleted",
    text: struct.content?.str ?? null,
    origin: id(struct.origin),
    right: id(struct.rightOrigin),
    root: typeof struct.parent === "string" ? struct.parent : null,
  }));
  const deletes = [...ds.clients].flatMap(([client, list]) => list.map(({ clock, len }) => [client, clock, len]));
  return { structs: read, deletes };
}

class Client {
  constructor(id, person) {
    this.person = person;
    this.outbox = [];
    this.read = 0;
    this.doc = new Y.Doc();
    this.doc.clientID = id;
    this.doc.on("update", (update, origin) => {
      if (origin !== "server") this.outbox.push(update);
    });
  }
}

/** Three people type, delete, hold back, catch up and come back; the server takes what arrives, in order. */
function session(name, seed, steps, roots) {
  const random = chance(seed);
  const clients = [0, 1, 2].map((n) => new Client(1 + random.below(2 ** 32 - 1), `p-${n}`));
  const log = [];
  const server = new Y.Doc();
  const deliver = (client, update, kind) => {
    Y.applyUpdate(server, update);
    log.push({ person: client.person, kind, hex: hex(update), ...contents(update) });
  };
  const edit = ({ doc }) => {
    const text = doc.getText(random.pick(roots));
    const now = text.toString();
    const at = whole(now, random.below(now.length + 1));
    if (now.length > 0 && random.below(3) === 0) {
      const end = whole(now, Math.min(now.length, at + 1 + random.below(6)));
      if (end > at) text.delete(at, end - at);
    } else if (random.below(8) === 0) {
      doc.transact(() => {
        const end = whole(now, Math.min(now.length, at + random.below(4)));
        if (end > at) text.delete(at, end - at);
        text.insert(at, random.pick(words) + random.pick(words));
      });
    } else {
      text.insert(at, random.pick(words));
    }
  };
  const flush = (client) => {
    for (const update of client.outbox.splice(0)) deliver(client, update, "update");
  };
  const pull = (client) => {
    for (const { hex: update } of log.slice(client.read)) Y.applyUpdate(client.doc, Buffer.from(update, "hex"), "server");
    client.read = log.length;
  };
  const reconnect = (client) => {
    client.outbox = [];
    const all = random.below(4) === 0;
    const update = Y.encodeStateAsUpdate(client.doc, all ? undefined : Y.encodeStateVector(server));
    deliver(client, update, "step2");
    pull(client);
  };
  for (let step = 0; step < steps; step++) {
    const client = random.pick(clients);
    const what = random.below(20);
    if (what < 11) edit(client);
    else if (what < 16) flush(client);
    else if (what < 19) pull(client);
    else reconnect(client);
  }
  for (const client of clients) flush(client);
  for (const client of clients) pull(client);
  const texts = Object.fromEntries(roots.map((root) => [root, server.getText(root).toString()]));
  for (const { doc } of clients) {
    for (const root of roots) if (doc.getText(root).toString() !== texts[root]) throw new Error("no convergence");
  }
  const vector = Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(server)));
  return { name, roots, texts, vector, updates: log };
}

const sessions = [
  session("one file, short", 1, 60, ["main.py"]),
  session("one file, longer", 2, 250, ["main.py"]),
  session("two files", 3, 150, ["main.py", "tests/läuft.py"]),
];
for (let seed = 4; seed < 10; seed++) sessions.push(session(`seed ${seed}`, seed, 100, ["main.py"]));

save("updates", "yjs 13.6.33 (what each update holds: Y.decodeUpdate)", { sessions });
