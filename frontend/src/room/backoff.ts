// How long to wait before the next attempt: full jitter, so that a room full of clients does not come back at once.

const FIRST_MS = 300;
const CAP_MS = 15_000;

export class Backoff {
  readonly #random: () => number;
  #attempts = 0;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** ms until the next attempt; the bound doubles with each, and there is always a next one. */
  next(): number {
    const bound = Math.min(CAP_MS, FIRST_MS * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 16);
    return this.#random() * bound;
  }

  reset(): void {
    this.#attempts = 0;
  }
}
