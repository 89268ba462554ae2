// How long somebody was away with work that the room did not have, and how much of it was sent on the return.

/** A return after a shorter absence is not worth a word. */
const WORTH_A_WORD_MS = 3_000;

export class Absence {
  /** A link that came and went in between is one absence. */
  #since: number | null = null;
  /** Changes that waited when the link came back, to be told once they are in. */
  #waited = 0;

  /** Since `at` (ms) not all that is made here is in the log. */
  begin(at: number): void {
    this.#since ??= at;
  }

  /** The link is back; as many changes wait as were said to wait. */
  back(waited: number, now: number): void {
    const away = this.#since === null ? 0 : now - this.#since;
    this.#waited = away >= WORTH_A_WORD_MS ? waited : 0;
  }

  /** Something that an earlier page of this device made at `at` is sent by this one. */
  inherit(at: number, now: number): void {
    if (now - at >= WORTH_A_WORD_MS) this.#waited += 1;
  }

  /** Everything is in: how many changes are worth a word. */
  end(): number {
    const sent = this.#waited;
    this.#since = null;
    this.#waited = 0;
    return sent;
  }
}
