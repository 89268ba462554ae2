// What is said over one link after another: hello, catching up, our operations and their answers.

import { encode } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import type { Hello, State, Welcome } from "../../../protocol/ts/envelope";
import { allows } from "../../../protocol/ts/roles";
import type { Effect } from "./events";
import { isEdit, type Op, Outbox, type Pending } from "./outbox";
import { headsOf, Progress } from "./progress";
import type { StoredPage } from "./shelf";

/** An edit that leaves later than this carries the time at which it was typed. */
const LATE_MS = 1_000;

/** The bytes of an update without anything in it. */
const NOTHING = 2;

const UNCERTAIN = {
  code: "uncertain",
  message: "The link was made anew, and this may not have been done. Try again.",
};

/** Of what the room has lost; what is larger is kept for its writer as text. */
const RELAY_MAX = 500 * 1024;

/** What a resync has told so far; it counts only when its end, the state, is there. */
interface Story {
  entries: Entry[];
  reset: boolean;
  /** The log is another than the one that we knew, or behind it: it may have lost what our document still has. */
  changed: boolean;
}

export class Exchange {
  /** Edits that came after the end of the session: kept here, never to be sent. */
  tooLate = 0;
  /** What the last welcome found in the log already: it was sent before the link went, and only its ack was lost. */
  arrived = 0;
  readonly #newInstance: () => string;
  readonly #emit: (effect: Effect) => void;
  /** The name under which the server counts our operations, so that each is applied at most once. */
  #instance: string;
  #outbox = new Outbox();
  readonly #progress = new Progress();
  #lineage: string | undefined;
  #incarnation: string | undefined;
  #story: Story | null = null;
  /** Edits that were given up with the document that they belong to. */
  #lost: Pending[] = [];
  /** The document must be made anew, whatever the server says. */
  #rebuild = false;
  /** A second fault without an ack in between is not healed by the same means. */
  #resynced = false;

  constructor(newInstance: () => string, emit: (effect: Effect) => void) {
    this.#newInstance = newInstance;
    this.#instance = newInstance();
    this.#emit = emit;
  }

  get instance(): string {
    return this.#instance;
  }

  get lineage(): string | undefined {
    return this.#lineage;
  }

  /** Edits that an earlier page made and that are not settled. */
  get inherited(): Uint8Array[] {
    return this.#outbox.inherited;
  }

  get pending(): number {
    return this.#outbox.size;
  }

  get full(): boolean {
    return this.#outbox.full;
  }

  add(op: Op, madeAt: number): void {
    this.#emit({ type: "added", op: this.#outbox.add(op, madeAt) });
  }

  /** Goes on where an earlier page ended, before the first link; answers what was made here meanwhile. */
  inherit({ instance, lineage, reserved }: StoredPage, ops: readonly Pending[]): Pending[] {
    this.#instance = instance;
    if (lineage !== null) this.#lineage = lineage;
    return this.#outbox.inherit(ops, reserved);
  }

  hello(vector: Uint8Array): Hello {
    this.#story = null;
    const hello: Hello = {
      type: "hello",
      instance: this.#instance,
      last: this.#progress.last,
      packed: true,
    };
    if (this.#lineage !== undefined) hello.lineage = this.#lineage;
    if (this.#incarnation !== undefined) hello.incarnation = this.#incarnation;
    if (!this.#rebuild) hello.vector = vector;
    const range = this.#outbox.range;
    if (range !== null) hello.pending = range;
    return hello;
  }

  /** True when the tail follows at once; else the story comes first, and its end is `state`. */
  welcome({ mode, lineage, incarnation, acked, role, heads }: Welcome): boolean {
    const another = this.#incarnation !== undefined && this.#incarnation !== incarnation;
    const changed = another || (heads.room ?? 0) < (this.#progress.last.room ?? 0);
    this.#lineage = lineage;
    this.#incarnation = incarnation;
    this.arrived = this.#settle(acked).length;
    this.#outbox.skip(acked);
    this.#progress.begin();
    if (mode === "resumed") return true;
    const reset = mode === "reset" || this.#rebuild;
    this.#story = { entries: [], reset, changed: changed && allows(role, "edit") };
    return false;
  }

  /** False when a seq is missing that no edit of ours can account for. */
  entries(entries: Entry[]): boolean {
    if (this.#story !== null) {
      this.#story.entries.push(...entries);
      return true;
    }
    const fresh = this.#progress.admit(entries);
    if (this.#hole()) return false;
    if (fresh.length > 0) this.#emit({ type: "entries", entries: fresh });
    return true;
  }

  /**
   * The end of a resync: only now does what it told replace what was known. False when there was none, or when the
   * room, whose state vector is `lacks`, is to be given back first what our document has beyond that.
   */
  state({ update, more = [], seq, leftOut = {}, vector: lacks }: State): boolean {
    if (this.#story === null) return false;
    const { entries, reset, changed } = this.#story;
    this.#story = null;
    this.#progress.jump(headsOf(entries), seq);
    const dropped = [...this.#lost, ...(reset ? this.#outbox.dropEdits() : [])];
    const unsent = dropped.length > 0 || this.#rebuild || changed;
    this.#rebuild = false;
    this.#lost = [];
    const updates = [update, ...more];
    this.#emit({ type: "resynced", entries, leftOut, updates, seq, reset, unsent, dropped, lacks });
    return lacks === undefined;
  }

  /** What the room has lost and our document still has; false when that is too much to be sent. */
  giveBack(update: Uint8Array, now: number): boolean {
    if (update.length > RELAY_MAX) return false;
    if (update.length > NOTHING) this.#outbox.giveBack(update, now);
    return true;
  }

  /** A new link is live: what was not acked goes out again. */
  resend(now: number, offset: number): void {
    this.#outbox.rewind();
    this.pump(now, offset);
  }

  /** `offset` turns the client's clock into the room's. */
  pump(now: number, offset: number): void {
    for (const { pseq, op, madeAt } of this.#outbox.take()) {
      const late = op.kind === "edit" && now - madeAt > LATE_MS;
      const body = late ? { ...op.body, time: Math.round(madeAt + offset) } : op.body;
      this.#emit({ type: "send", frame: { type: "op", pseq, kind: op.kind, body: encode(body) } });
    }
  }

  /** False when a seq is missing. */
  ack(upto: number): boolean {
    this.#progress.acked(this.#settle(upto).filter(isEdit).length);
    this.#resynced = false;
    return !this.#hole();
  }

  /** False when an edit was refused: all later ones stand on it, so the document is spoilt. */
  refused(pseq: number, code: string, message: string): boolean {
    const op = this.#outbox.refuse(pseq);
    if (op === null) return true;
    this.#emit({ type: "refused", op, code, message });
    if (!isEdit(op)) return true;
    if (code !== "ended") return false;
    this.tooLate += 1;
    return true;
  }

  /** The next hello asks for the room anew; where that did not help, for a fresh document too. */
  resyncNext(): void {
    this.#progress.forget();
    if (this.#resynced) this.rebuildNext();
    this.#resynced = true;
  }

  /**
   * The next hello asks for a fresh document, under a new name: what we sent under the old one
   * may still be committed, and must then come back as anybody's. False when the last one did just that, in vain.
   */
  rebuildNext(): boolean {
    if (this.#rebuild) return false;
    this.#rebuild = true;
    this.#progress.forget();
    for (const op of this.#outbox.settle(Number.POSITIVE_INFINITY)) {
      if (isEdit(op)) this.#lost.push(op);
      else this.#emit({ type: "refused", op, ...UNCERTAIN });
    }
    this.#outbox = new Outbox();
    this.#instance = this.#newInstance();
    this.#emit({ type: "renamed", instance: this.#instance });
    return true;
  }

  #hole(): boolean {
    const { missing } = this.#progress;
    return missing > 0 && missing > this.#outbox.edits;
  }

  #settle(upto: number): Pending[] {
    const ops = this.#outbox.settle(upto);
    if (ops.length > 0) this.#emit({ type: "settled", ops });
    return ops;
  }
}
