// A small server in memory that follows the wire: it commits, fans out and acks, and checks that nobody cheats.

import * as Y from "yjs";
import type { TimelinePage } from "../../../protocol/ts/api";
import { type Cbor, type CborMap, decodeMap, encode, isMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { decodeFrame, ENVELOPE, encodeFrame } from "../../../protocol/ts/envelope";
import type { Role } from "../../../protocol/ts/roles";
import type { SocketFactory } from "../../src/room/transport";
import { FakeWire } from "./fake-wire";
import type { HandClock } from "./hand-clock";

const [HELLO, WELCOME, ENTRY, ACK, OP, REFUSED, PING, PONG, TOKEN, STATE] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

interface Seat {
  id: string;
  wire: FakeWire;
  person: string;
  producer: string;
  /** While it waits for its tail or its document: what is committed meanwhile. */
  syncing: { after: number; upto: number; vector: Uint8Array | null; held: Committed[] } | null;
  greeted: boolean;
  /** While its network is full: the last entry that it was told. */
  told: number | null;
  /** It came from an incarnation that the log had before. */
  heals: boolean;
}

interface Admitted {
  producer: string;
  pseq: number;
  actor: string;
  kind: string;
  body: CborMap;
}

type Committed = { entry: Entry; producer: string };

export class FakeServer {
  readonly log: Entry[] = [];
  doc = new Y.Doc();
  lineage = "l-1";
  incarnation = "i-1";
  /** Operations that are refused instead of recorded, by kind. */
  refusals = new Map<string, { code: string; message: string }>();
  /** Runs whose outputs a story leaves out. */
  leavesOut = new Set<string>();
  readonly wires: FakeWire[] = [];
  /** New connections get no answer while this is false. */
  reachable = true;
  readonly #clock: HandClock;
  readonly #roles: Record<string, Role>;
  readonly #instances = new Map<string, { admitted: number; settled: number }>();
  readonly #owners = new Map<number, string>();
  #seats = new Set<Seat>();
  #admitted: Admitted[] = [];
  #seatCount = 0;
  #serverOps = 0;
  /** Who made each entry of the log. */
  readonly #made: { producer: string; pseq: number }[] = [];
  readonly #before = new Set<string>();

  constructor(clock: HandClock, roles: Record<string, Role>) {
    this.#clock = clock;
    this.#roles = roles;
    this.#own("room.created", { title: "Room", lineage: this.lineage, settings: {}, version: 1 });
    this.#own("file.created", { file: "main.py", path: "main.py" });
    for (const [colour, [person, role]] of Object.entries(roles).entries()) {
      this.#own("person.joined", { name: person, role, colour, invite: `${role}/1` }, person);
    }
    this.commit();
  }

  /** The person's name is the token. */
  readonly openSocket: SocketFactory = (_url, protocols, events) => {
    const wire = new FakeWire(events);
    const person = (protocols[1] ?? "").replace("bearer.", "");
    this.#seatCount += 1;
    const id = `s-${this.#seatCount}`;
    const fresh = { producer: "", syncing: null, greeted: false, heals: false, told: null };
    const seat: Seat = { id, wire, person, ...fresh };
    wire.attach({ received: (bytes) => this.#receive(seat, bytes), gone: () => this.#gone(seat) });
    wire.dead = !this.reachable;
    if (this.#roles[person] === undefined) wire.closeFromServer(4401);
    else this.#seats.add(seat);
    this.wires.push(wire);
    return wire.socket;
  };

  get idle(): boolean {
    return this.#admitted.length === 0 && [...this.#seats].every(({ syncing }) => syncing === null);
  }

  /** The log by HTTP, three entries a page. */
  async timeline(
    _: string,
    { after, kinds }: { after: number; kinds: readonly string[] },
  ): Promise<TimelinePage> {
    const found = this.log.filter((entry) => entry.seq > after && kinds.includes(entry.kind)).slice(0, 3);
    return { entries: found.map((entry) => ({ ...entry })), head: this.log.length } as TimelinePage;
  }

  text(file = "main.py"): string {
    return this.doc.getText(file).toString();
  }

  /** What came of the kind, as bodies. */
  recorded(kind: string): CborMap[] {
    return this.log.filter((entry) => entry.kind === kind).map(({ body }) => body);
  }

  /** The log takes what was admitted, all of it. */
  commit(): void {
    const batch = this.#admitted;
    this.#admitted = [];
    for (const one of batch) this.#commitOne(one);
  }

  /** The network of a person takes no more: what goes on goes past them, until it is told in one piece. */
  fill(person: string): void {
    for (const seat of this.#seats) if (seat.person === person) seat.told = this.log.length;
  }

  /** The network has taken what waited. `far`: so much was missed that the log is longer than story and document. */
  drain(person: string, { far }: { far: boolean }): void {
    for (const seat of this.#seats) {
      if (seat.person !== person || seat.told === null) continue;
      const after = far ? 0 : seat.told;
      seat.syncing = { after, upto: this.log.length, vector: far ? new Uint8Array([0]) : null, held: [] };
      seat.told = null;
      tell(seat, WELCOME as number, this.#welcome(seat, far ? "resync" : "resumed"));
    }
  }

  /** Power is lost: what was not committed is gone, and so are the connections. */
  crash(): void {
    this.#admitted = [];
    for (const instance of this.#instances.values()) instance.admitted = instance.settled;
    const seats = [...this.#seats];
    this.#seats = new Set();
    this.#owners.clear();
    for (const { wire } of seats) wire.cut({ serverNotices: false });
  }

  /** The log failed: nothing of what was admitted is recorded, and the room is built anew. */
  failAppend(): void {
    this.#admitted = [];
    for (const instance of this.#instances.values()) instance.admitted = instance.settled;
    for (const seat of [...this.#seats]) this.close(seat.person, 4302);
  }

  /** The seats that wait get what they asked for. */
  finishSyncs(): void {
    for (const seat of this.#seats) if (seat.syncing !== null) this.#finishSync(seat, seat.syncing);
  }

  close(person: string, code: number): void {
    for (const seat of [...this.#seats]) {
      if (seat.person !== person) continue;
      seat.wire.closeFromServer(code);
      this.#gone(seat);
    }
  }

  send(person: string, type: "entries" | "token" | "ping", value: Cbor): void {
    const number = { entries: ENTRY, token: TOKEN, ping: PING }[type] as number;
    for (const seat of this.#seats) if (seat.person === person) tell(seat, number, value);
  }

  /** An entry of the room's own, as from a kernel. */
  happens(kind: string, body: CborMap): void {
    this.#own(kind, body);
  }

  /** A commit that one person is not told of: a fault of the network or of ours. */
  commitUnseenBy(person: string): void {
    const blind = [...this.#seats].filter((seat) => seat.person === person);
    for (const seat of blind) this.#seats.delete(seat);
    this.commit();
    for (const seat of blind) this.#seats.add(seat);
  }

  /** Documents are made anew, as by an import of another room. */
  newLineage(text: string): void {
    this.lineage = `${this.lineage}x`;
    this.doc = new Y.Doc();
    this.doc.getText("main.py").insert(0, text);
  }

  /** A restored log: power is lost, and what stands after this many entries. */
  loseTail(after: number): void {
    this.crash();
    this.#before.add(this.incarnation);
    this.incarnation = `${this.incarnation}x`;
    this.log.length = this.#made.length = after;
    this.doc = new Y.Doc();
    this.#instances.clear();
    for (const { body, kind } of this.log) {
      if (kind === "edit") Y.applyUpdate(this.doc, body.update as Uint8Array);
    }
    for (const { producer, pseq } of this.#made) {
      this.#instances.set(producer, { admitted: pseq, settled: pseq });
    }
  }

  // --- inside ---

  #own(kind: string, body: CborMap, actor = "server"): void {
    this.#serverOps += 1;
    this.#admit({ producer: "server", pseq: this.#serverOps, actor, kind, body });
  }

  #admit(one: Admitted): void {
    this.#instance(one.producer).admitted = one.pseq;
    this.#admitted.push(one);
  }

  #instance(producer: string): { admitted: number; settled: number } {
    const known = this.#instances.get(producer) ?? { admitted: 0, settled: 0 };
    this.#instances.set(producer, known);
    return known;
  }

  #commitOne({ producer, pseq, actor, kind, body }: Admitted): void {
    const at = Math.max(this.#clock.now() * 1000, this.log.at(-1)?.at ?? 0);
    const entry: Entry = { stream: "room", seq: this.log.length + 1, at, actor, kind, body };
    this.log.push(entry);
    this.#made.push({ producer, pseq });
    if (kind === "edit") Y.applyUpdate(this.doc, body.update as Uint8Array);
    const instance = this.#instance(producer);
    if (pseq <= instance.settled) throw new Error(`${producer} ${pseq} is recorded twice`);
    instance.settled = pseq;
    for (const seat of this.#seats) this.#deliver(seat, { entry, producer });
    for (const seat of this.#seats) {
      if (seat.producer === producer) tell(seat, ACK as number, [pseq, entry.seq]);
    }
  }

  #deliver(seat: Seat, committed: Committed): void {
    if (!seat.greeted || seat.told !== null) return;
    if (seat.syncing !== null) seat.syncing.held.push(committed);
    else if (committed.entry.kind !== "edit" || committed.producer !== seat.producer) {
      tell(seat, ENTRY as number, [row(committed.entry)]);
    }
  }

  #receive(seat: Seat, bytes: Uint8Array): void {
    if (!this.#seats.has(seat)) return;
    if (bytes[0] !== ENVELOPE) {
      for (const other of this.#seats) if (other !== seat) other.wire.sendToClient(bytes);
      return;
    }
    const { type, value } = decodeFrame(bytes);
    if (type === HELLO && isMap(value)) this.#hello(seat, value);
    else if (type === OP && Array.isArray(value)) {
      const [pseq, kind, body] = value as [number, string, Uint8Array];
      this.#operate(seat, pseq, kind, decodeMap(body));
    } else if (type === PING && Array.isArray(value)) {
      tell(seat, PONG as number, [value[0] as number, this.#clock.now() * 1000]);
    } else if (type === TOKEN) tell(seat, TOKEN as number, { token: seat.person, expires_in: 7200 });
  }

  #hello(seat: Seat, hello: CborMap): void {
    seat.producer = `${seat.person}/${hello.instance}`;
    for (const other of [...this.#seats]) {
      if (other !== seat && other.producer === seat.producer) {
        other.wire.closeFromServer(4303);
        this.#gone(other);
      }
    }
    const last = isMap(hello.last) ? Number(hello.last.room ?? 0) : 0;
    const same = hello.lineage === undefined || hello.lineage === this.lineage;
    const resumed = same && hello.lineage !== undefined && hello.incarnation === this.incarnation && last > 0;
    const mode = resumed ? "resumed" : same ? "resync" : "reset";
    this.#own("seat.opened", { seat: seat.id, dialect: "fourhands" }, seat.person);
    const upto = this.log.length;
    const given = hello.vector instanceof Uint8Array && same ? hello.vector : new Uint8Array([0]);
    seat.greeted = true;
    seat.syncing = { after: resumed ? last : 0, upto, vector: resumed ? null : given, held: [] };
    seat.heals = this.#before.has(String(hello.incarnation));
    tell(seat, WELCOME as number, this.#welcome(seat, mode));
  }

  #welcome(seat: Seat, mode: string): CborMap {
    return {
      mode,
      room: "r-1",
      title: "Room",
      lineage: this.lineage,
      incarnation: this.incarnation,
      participant: seat.person,
      role: this.#roles[seat.person] as Role,
      seat: seat.id,
      acked: this.#instance(seat.producer).settled,
      heads: { room: this.log.length },
      time: this.#clock.now() * 1000,
      expires_in: 7200,
    };
  }

  #finishSync(seat: Seat, { after, upto, vector, held }: NonNullable<Seat["syncing"]>): void {
    const story = vector !== null;
    const untold = ({ kind, body }: Entry) =>
      ["edit", "cursor"].includes(kind) || (kind === "run.outputs" && this.leavesOut.has(String(body.run)));
    const entries = this.log.slice(after, upto).filter((entry) => !story || !untold(entry));
    for (let from = 0; from < entries.length; from += 50) {
      tell(seat, ENTRY as number, entries.slice(from, from + 50).map(row));
    }
    // The document may be ahead of `upto`, as a worker's is.
    if (story) {
      const left_out = Object.fromEntries([...this.leavesOut].map((run) => [run, 1000]));
      const more: CborMap = seat.heals ? { vector: Y.encodeStateVector(this.doc) } : {};
      const update = Y.encodeStateAsUpdate(this.doc, vector);
      tell(seat, STATE as number, { update, seq: upto, left_out, ...more });
    }
    seat.syncing = null;
    for (const one of held) this.#deliver(seat, one);
  }

  #operate(seat: Seat, pseq: number, kind: string, body: CborMap): void {
    const instance = this.#instance(seat.producer);
    if (pseq <= instance.admitted) {
      if (pseq <= instance.settled) tell(seat, ACK as number, [instance.settled, this.log.length]);
      return;
    }
    const refusal = this.refusals.get(kind);
    if (refusal !== undefined) {
      instance.admitted = pseq;
      tell(seat, REFUSED as number, [pseq, refusal.code, refusal.message]);
      return;
    }
    const edits = kind === "edit" || kind === "relay";
    if (edits && !this.#causal(seat, body.update as Uint8Array, kind === "relay")) return;
    const [becomes, becomesBody] = this.#entryOf(kind, body);
    this.#admit({ producer: seat.producer, pseq, actor: seat.person, kind: becomes, body: becomesBody });
  }

  #entryOf(kind: string, body: CborMap): [string, CborMap] {
    switch (kind) {
      case "relay":
        return ["edit", { ...body, relayed: true }];
      case "file.create":
        return ["file.created", { file: body.path as string, path: body.path as string }];
      case "file.rename":
        return ["file.renamed", body];
      case "file.delete":
        return ["file.deleted", body];
      case "run":
        return ["run.queued", body];
      case "run.cancel":
        return ["run.finished", { run: body.run as string, status: "aborted", duration: 0 }];
      case "input":
        return ["run.input", body];
      case "end":
        return ["room.ended", {}];
      case "remove":
        return ["person.removed", body];
      case "revoke":
        return ["invite.revoked", body];
      case "interrupt":
        return ["kernel.interrupted", {}];
      case "restart":
        return ["kernel.restarted", {}];
      default:
        return [kind, body];
    }
  }

  /** As admission does: each client's next clock or what is known, and nobody else's id. */
  #causal(seat: Seat, update: Uint8Array, relayed: boolean): boolean {
    const clocks = Y.decodeStateVector(Y.encodeStateVector(this.#ahead()));
    for (const { id, length } of Y.decodeUpdate(update).structs) {
      const owner = this.#owners.get(id.client) ?? seat.person;
      if (!relayed) this.#owners.set(id.client, owner);
      const foreign = owner !== seat.person && !relayed;
      const code = foreign ? 4423 : id.clock > (clocks.get(id.client) ?? 0) ? 4300 : 0;
      if (code !== 0) {
        seat.wire.closeFromServer(code);
        this.#gone(seat);
        return false;
      }
      clocks.set(id.client, Math.max(clocks.get(id.client) ?? 0, id.clock + length));
    }
    return true;
  }

  /** The document as it will be once all that is admitted is committed. */
  #ahead(): Y.Doc {
    const ahead = new Y.Doc();
    Y.applyUpdate(ahead, Y.encodeStateAsUpdate(this.doc));
    for (const { kind, body } of this.#admitted) {
      if (kind === "edit") Y.applyUpdate(ahead, body.update as Uint8Array);
    }
    return ahead;
  }

  #gone(seat: Seat): void {
    if (this.#seats.delete(seat) && seat.greeted) {
      this.#own("seat.closed", { seat: seat.id, code: 1006 }, seat.person);
    }
  }
}

function tell(seat: Seat, type: number, value: Cbor): void {
  seat.wire.sendToClient(encodeFrame(type, value));
}

function row({ stream, seq, at, actor, kind, body }: Entry): Cbor {
  return [stream, seq, at, actor, kind, encode(body)];
}
