// A clock that is turned by hand: alarms ring in order, each at its own time.

import type { Clock } from "../../src/room/clock";

interface Alarm {
  at: number;
  ring: () => void;
}

export class HandClock implements Clock {
  #now = 1_763_886_000_000;
  #alarms = new Set<Alarm>();

  now(): number {
    return this.#now;
  }

  alarm(at: number, ring: () => void): () => void {
    const alarm = { at, ring };
    this.#alarms.add(alarm);
    return () => this.#alarms.delete(alarm);
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.ring();
    }
    this.#now = end;
  }

  #next(until: number): Alarm | undefined {
    const due = [...this.#alarms].filter(({ at }) => at <= until);
    return due.sort((a, b) => a.at - b.at)[0];
  }
}
