// How long to wait before the next attempt: full jitter, so that a room full of clients does not come back at once.

const FIRST_MS = 300;
const CAP_MS = 15_000;
/** After an absence of t seconds the bound is about t: doubled each time it would be 2 t, and the return as much later. */
const GROWTH = 1.5;

export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** ms until the next attempt, anything up to a bound that grows; there is always a next one. */
  next(): number {
    const bound = Math.min(CAP_MS, FIRST_MS * GROWTH ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    return this.#random() * bound;
  }

  reset(): void {
    this.#attempts = 0;
  }
}
