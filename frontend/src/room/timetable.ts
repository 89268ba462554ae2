// When the next attempt begins, and how long one may hang.

import { Backoff } from "./backoff";
import type { Phase } from "./phase";

/** Doubled after each attempt that came to nothing: what hangs is mostly a dead way, but a bad link is slow as well. */
const CONNECT_MS = 4_000;
const CONNECT_MOST_MS = 16_000;
/** `navigator.onLine` may be wrong: try now and then all the same. */
const OFFLINE_RETRY_MS = 15_000;
/** However long a server that goes away asks us to wait. */
const HINT_MAX_MS = 60_000;

export class Timetable {
  /** What the browser says of the network. */
  online = true;
  readonly #backoff: Backoff;
  #connectMs = CONNECT_MS;
  /** A server that went away asked us not to be back before. */
  #notBefore = 0;

  constructor(random: () => number) {
    this.#backoff = new Backoff(random);
  }

  /** An attempt begins; it is given up at the time that is answered. */
  begin(now: number): number {
    this.#notBefore = 0;
    return now + this.#connectMs;
  }

  /** The phase between two attempts. What a server asked for wins over our own reckoning. */
  wait(now: number): Phase {
    const retryAt = this.#notBefore > now ? this.#notBefore : now + this.#backoff.next();
    return this.online ? { name: "backoff", retryAt } : { name: "offline", retryAt: now + OFFLINE_RETRY_MS };
  }

  /** May it be earlier than that, because the page was woken? */
  mayHurry(now: number): boolean {
    return now >= this.#notBefore;
  }

  /** The server asks us to be back after so many ms. */
  ask(wait: number, now: number): void {
    this.#notBefore = now + Math.min(wait, HINT_MAX_MS);
  }

  /** The user does not want to wait, whoever asked for it. */
  overrule(): void {
    this.#notBefore = 0;
  }

  opened(): void {
    this.#connectMs = CONNECT_MS;
  }

  hung(): void {
    this.#connectMs = Math.min(CONNECT_MOST_MS, this.#connectMs * 2);
  }

  /** The link was good, or somebody waits: begin with short waits again. */
  reset(): void {
    this.#backoff.reset();
  }
}
