// How far this client has read each stream, and whether a seq of the room was lost on the way.

import type { Entry } from "../../../protocol/ts/entries";
import type { Heads } from "../../../protocol/ts/envelope";

/**
 * Our own edits come back as acks, without an entry, so a step in the room's seqs is a hole only where no edit of
 * ours can fill it. Acks move nothing else: after a loss we are told some edits again, which does no harm.
 */
export class Progress {
  #last: Heads = {};
  #missing = 0;

  /** Last seq of each stream, for HELLO; empty where the next session must begin anew. */
  get last(): Heads {
    return { ...this.#last };
  }

  /** Seqs passed over that no ack has accounted for yet; below zero where an ack was ahead of the entries. */
  get missing(): number {
    return this.#missing;
  }

  forget(): void {
    this.#last = {};
  }

  /** A new link: what is told from here on is told without a hole. */
  begin(): void {
    this.#missing = 0;
  }

  /** Only what is new; a repeat is dropped. */
  admit(entries: readonly Entry[]): Entry[] {
    return entries.filter(({ stream, seq }) => this.#pass(stream, seq));
  }

  /** So many edits of ours are in the log. */
  acked(edits: number): void {
    this.#missing -= edits;
  }

  /** All that came before this seq is known by other means. */
  jump(heads: Heads, seq: number): void {
    this.#last = { ...heads, room: seq };
    this.#missing = Math.min(0, this.#missing);
  }

  #pass(stream: string, seq: number): boolean {
    const last = this.#last[stream] ?? 0;
    if (seq <= last) return false;
    this.#last[stream] = seq;
    if (stream === "room") this.#missing += seq - last - 1;
    return true;
  }
}

/** The last seq of each stream among these. */
export function headsOf(entries: readonly Entry[]): Heads {
  const heads: Heads = {};
  for (const { stream, seq } of entries) heads[stream] = Math.max(seq, heads[stream] ?? 0);
  return heads;
}
