// Operations made here that the log does not hold yet, in order, each kept until it is acked or refused.

import type { OpKind, Ops } from "../../../protocol/ts/entries";

export type Op = { [K in OpKind]: { kind: K; body: Ops[K] } }[OpKind];

export interface Pending {
  pseq: number;
  op: Op;
  /** When it was made, in ms of the client's clock. */
  madeAt: number;
  /** By an earlier page: our document has it only because it was put there. */
  inherited?: true;
}

/** Unacked operations on the wire at once: a long absence comes back in portions that the server can take. */
const WINDOW = 500;

/** Beyond this the room asks for no more input; nothing that was typed is thrown away. */
export const OUTBOX_FULL = 50_000;

export class Outbox {
  #pending: Pending[] = [];
  #lastPseq = 0;
  #sent = 0;
  #edits = 0;

  get size(): number {
    return this.#pending.length;
  }

  get full(): boolean {
    return this.#pending.length >= OUTBOX_FULL;
  }

  /** The first and the last pseq that are not settled. */
  get range(): [from: number, to: number] | null {
    const [first, last] = [this.#pending[0], this.#pending.at(-1)];
    return first === undefined || last === undefined ? null : [first.pseq, last.pseq];
  }

  get edits(): number {
    return this.#edits;
  }

  add(op: Op, madeAt: number): Pending {
    this.#lastPseq += 1;
    const pending = { pseq: this.#lastPseq, op, madeAt };
    this.#pending.push(pending);
    if (isEdit(pending)) this.#edits += 1;
    return pending;
  }

  /**
   * What an earlier page left, in order; `last`: the highest number that it may have used.
   * Nothing of our own was sent yet: it comes after that, with numbers of its own, and is the answer.
   */
  inherit(ops: readonly Pending[], last: number): Pending[] {
    const own = this.#pending;
    this.#pending = ops.map((one) => ({ ...one, inherited: true }));
    this.#lastPseq = last;
    this.#edits = ops.filter(isEdit).length;
    return own.map(({ op, madeAt }) => this.add(op, madeAt));
  }

  /** The updates that an earlier page made. */
  get inherited(): Uint8Array[] {
    return this.#pending.flatMap(({ op, inherited }) =>
      op.kind === "edit" && inherited ? [op.body.update] : [],
    );
  }

  /** Numbers up to this one are used up, whoever used them. */
  skip(upto: number): void {
    if (upto > this.#lastPseq) this.#lastPseq = upto + WINDOW;
  }

  /**
   * What the room has lost goes before every edit that stands on it: in the place of the first, for it holds that too.
   * Nothing of it was sent over this connection yet.
   */
  giveBack(update: Uint8Array, now: number): void {
    const op: Op = { kind: "relay", body: { update } };
    const first = this.#pending.find(isEdit);
    if (first === undefined) this.add(op, now);
    else first.op = op;
  }

  /** On a new connection nothing has been sent yet. */
  rewind(): void {
    this.#sent = 0;
  }

  /** The next operations to send, as many as the window lets through. */
  take(): Pending[] {
    const first = this.#pending.findIndex(({ pseq }) => pseq > this.#sent);
    if (first < 0 || first >= WINDOW) return [];
    const next = this.#pending.slice(first, WINDOW);
    this.#sent = next.at(-1)?.pseq ?? this.#sent;
    return next;
  }

  /** Everything up to this number is in the log, or was refused before. */
  settle(upto: number): Pending[] {
    return this.#remove(({ pseq }) => pseq <= upto);
  }

  refuse(pseq: number): Pending | null {
    return this.#remove((one) => one.pseq === pseq)[0] ?? null;
  }

  /** Edits lose their ground when the document is made anew; all else is kept. */
  dropEdits(): Pending[] {
    return this.#remove(isEdit);
  }

  #remove(which: (one: Pending) => boolean): Pending[] {
    const removed = this.#pending.filter(which);
    if (removed.length > 0) this.#pending = this.#pending.filter((one) => !which(one));
    this.#edits -= removed.filter(isEdit).length;
    return removed;
  }
}

/** Whether the document stands or falls with it. */
export function isEdit({ op }: Pending): boolean {
  return op.kind === "edit" || op.kind === "relay";
}
