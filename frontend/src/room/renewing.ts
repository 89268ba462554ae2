// When a live link asks for a fresh token.

const RETRY_MS = 60_000;
/** When a fifth of the token's life is left, and never in a loop. */
const AFTER = 0.8;
const LEAST_MS = 10_000;

export class Renewing {
  at = Number.POSITIVE_INFINITY;

  /** A token came that is good for so many seconds. */
  begin(expiresIn: number, now: number): void {
    this.at = now + Math.max(LEAST_MS, expiresIn * 1000 * AFTER);
  }

  /** True when one is to be asked for now; it counts as asked. */
  due(now: number): boolean {
    if (now < this.at) return false;
    this.at = now + RETRY_MS;
    return true;
  }
}
