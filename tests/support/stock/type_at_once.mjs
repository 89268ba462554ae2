// Stock clients type a concurrent trace: each author sees of the others what it had seen when it was recorded.

import { StockClient } from "./client.mjs";
import { readTrace, seenByAuthors, Typist } from "./trace.mjs";

const FILE = "main.py";
const [SYNC, UPDATE] = [0, 2];
const DEADLINE = 60_000; // ms for one transaction to go round

const { path, limit, url, room, tokens, versions } = JSON.parse(process.argv[2]);
const trace = readTrace(path);
const txns = trace.txns.slice(0, limit ?? undefined);
const seen = seenByAuthors({ ...trace, txns });

/** A stock client on a slow link: updates arrive in the server's order, but no further than it may see. */
class SlowClient extends StockClient {
  arrived = 0; // updates of the room, its own among them: the one of transaction n is the nth
  allowed = -1; // the last transaction that it may see
  #held = [];
  #wake = () => {};

  received(frame, pass) {
    if (frame[0] !== SYNC || frame[1] !== UPDATE) return super.received(frame, pass);
    this.#held.push({ index: this.arrived++, take: () => super.received(frame, pass) });
    this.release();
    this.#wake();
  }

  allow(last) {
    this.allowed = last;
    this.release();
  }

  release() {
    while (this.#held.length > 0 && this.#held[0].index <= this.allowed) this.#held.shift().take();
  }

  /** Resolves when the updates of the first `count` transactions have come, seen or held. */
  async hasReceived(count) {
    const timer = setTimeout(() => {
      throw new Error(`waits for update ${count}: ${JSON.stringify({ ...this.look(), files: undefined })}`);
    }, DEADLINE);
    while (this.arrived < count) await new Promise((resolve) => (this.#wake = resolve));
    clearTimeout(timer);
  }
}

function synced({ provider }) {
  return new Promise((resolve) => {
    provider.once("sync", resolve);
    provider.connect();
  });
}

const began = Date.now();
const clients = tokens.map((token, n) => new SlowClient({ url, room, token, version: versions[n] }));
await Promise.all(clients.map(synced));

/** How far the author of each transaction may see once it has typed it: up to what its next one builds on. */
const thenSees = [];
const upcoming = clients.map(() => Number.POSITIVE_INFINITY);
for (let index = txns.length - 1; index >= 0; index--) {
  thenSees[index] = upcoming[txns[index].agent];
  upcoming[txns[index].agent] = seen[index];
}
clients.forEach((client, author) => {
  client.allow(upcoming[author]);
});

const typist = new Typist();
const lastBy = clients.map(() => -1);
let unseen = 0; // transactions typed while something of the others was not seen: the real concurrency
for (const [index, txn] of txns.entries()) {
  const author = clients[txn.agent];
  // The server must have put the others' edits before this one, though its author may not have seen them.
  if (index > 0 && txns[index - 1].agent !== txn.agent) await author.hasReceived(index);
  if (lastBy.some((last, agent) => agent !== txn.agent && last > seen[index])) unseen++;
  typist.type(author, FILE, txn);
  author.allow(thenSees[index]);
  lastBy[txn.agent] = index;
}
for (const client of clients) await client.hasReceived(txns.length);

const result = {
  texts: clients.map((client) => client.text(FILE).toString()),
  closed: clients.flatMap((client) => client.seen.closed),
  unseen,
  seconds: (Date.now() - began) / 1000,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
