// How far this client has read each stream, and whether a seq of the room was lost on the way.

import type { Entry } from "../../../protocol/ts/entries";
import type { Heads } from "../../../protocol/ts/envelope";

/**
 * Our own edits come back as acks without an entry, so a step in the room's seqs is a hole
 * only where no edit of ours can fill it.
 */
export class Progress {
  #last: Heads = {};
  #missing = 0;

  /** Seqs passed over so far: a hole if they are more than the edits of ours that are still on their way. */
  get missing(): number {
    return this.#missing;
  }

  /** Last seq of each stream, for HELLO; empty where the next session must begin anew. */
  get last(): Heads {
    return { ...this.#last };
  }

  forget(): void {
    this.#last = {};
    this.#missing = 0;
  }

  /** A connection goes on behind `last`; edits acked meanwhile may or may not come again as entries. */
  resume(ownEdits: number): void {
    this.#missing = -ownEdits;
  }

  /** The room's state is known up to here, whatever the entries before it were. */
  jump(seq: number): void {
    this.#last.room = seq;
    this.#missing = 0;
  }

  /** Only what is new; a repeat is dropped. */
  admit(entries: readonly Entry[]): Entry[] {
    return entries.filter(({ stream, seq }) => this.#pass(stream, seq, 1));
  }

  /** `count` edits of ours are in the log, the last of them at `seq`. */
  acked(count: number, seq: number): void {
    if (!this.#pass("room", seq, count)) this.#missing -= count;
  }

  #pass(stream: string, seq: number, found: number): boolean {
    const last = this.#last[stream] ?? 0;
    if (seq <= last) return false;
    this.#last[stream] = seq;
    if (stream === "room") this.#missing += seq - last - found;
    return true;
  }
}
