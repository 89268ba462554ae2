// One alarm that is set anew as plans change; it rings once.

import type { Clock } from "./clock";

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #set: { at: number; cancel: () => void } | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** At that time (ms) and no other; null for never. */
  at(at: number | null): void {
    if (at === (this.#set?.at ?? null)) return;
    this.#set?.cancel();
    const ring = () => {
      this.#set = null;
      this.#ring();
    };
    this.#set = at === null ? null : { at, cancel: this.#clock.alarm(at, ring) };
  }

  /** In so many ms, or earlier where it was set so. */
  within(ms: number): void {
    const at = this.#clock.now() + ms;
    this.at(Math.min(at, this.#set?.at ?? at));
  }
}
