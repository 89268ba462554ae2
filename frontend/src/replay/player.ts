// The player without a screen: where the replay is at each moment of the viewer's clock.

import type { IdleMap } from "./idle";
import type { Recording } from "./recording";

export const SPEEDS = [0.5, 1, 2, 4, 8, 16, 32] as const;
export type Speed = (typeof SPEEDS)[number];

/** What one can step by; times in µs of the log's clock, rising. */
export interface Marks {
  edits: readonly number[];
  runs: readonly number[];
}

export function marksOf({ steps }: Recording): Marks {
  const edits = steps.filter(({ splices }) => splices.length > 0).map(({ at }) => at);
  const runs = steps.filter(({ entry }) => entry.kind === "run.queued").map(({ at }) => at);
  return { edits, runs };
}

/** Every call is told the viewer's time in ms; nothing here waits or draws. */
export class Player {
  readonly marks: Marks;
  #map: IdleMap;
  #speed: Speed = 1;
  #playing = false;
  /** Played time (µs) at a moment of the viewer's clock (ms); between them it runs at `speed`. */
  #played = 0;
  #since = 0;

  constructor(map: IdleMap, marks: Marks) {
    this.#map = map;
    this.marks = marks;
  }

  get speed(): Speed {
    return this.#speed;
  }

  get map(): IdleMap {
    return this.#map;
  }

  /** False at the end too. */
  playing(now: number): boolean {
    return this.#playing && this.played(now) < this.#map.length;
  }

  /** µs of playing, folded pauses counted short; for the scrubber. */
  played(now: number): number {
    if (!this.#playing) return this.#played;
    const passed = Math.max(0, now - this.#since) * 1000 * this.#speed;
    return Math.min(this.#map.length, this.#played + passed);
  }

  /** Where the session is, in µs of the log's clock. */
  at(now: number): number {
    // At a mark itself, not a rounding error before it.
    return Math.round(this.#map.session(this.played(now)));
  }

  /** At the end it begins again. */
  play(now: number): void {
    if (this.played(now) >= this.#map.length) this.#played = 0;
    else this.#played = this.played(now);
    this.#since = now;
    this.#playing = true;
  }

  pause(now: number): void {
    this.#settle(now);
    this.#playing = false;
  }

  toggle(now: number): void {
    if (this.playing(now)) this.pause(now);
    else this.play(now);
  }

  setSpeed(speed: Speed, now: number): void {
    this.#settle(now);
    this.#speed = speed;
  }

  /** One notch up or down. */
  changeSpeed(by: 1 | -1, now: number): void {
    const next = SPEEDS[SPEEDS.indexOf(this.#speed) + by];
    if (next !== undefined) this.setSpeed(next, now);
  }

  /** To a moment of the session; it goes on playing if it was. */
  seek(at: number, now: number): void {
    this.seekPlayed(this.#map.played(at), now);
  }

  seekPlayed(played: number, now: number): void {
    this.#played = Math.min(this.#map.length, Math.max(0, played));
    this.#since = now;
  }

  /** To the next or previous edit or run; it stops there. */
  step(by: keyof Marks, direction: 1 | -1, now: number): void {
    this.pause(now);
    const at = this.at(now);
    const marks = this.marks[by];
    const next = direction > 0 ? marks.find((mark) => mark > at) : marks.findLast((mark) => mark < at);
    if (next !== undefined) this.seek(next, now);
    else this.seekPlayed(direction > 0 ? this.#map.length : 0, now);
  }

  /** Pauses were opened or folded: the moment of the session stays. */
  setMap(map: IdleMap, now: number): void {
    const at = this.at(now);
    this.#map = map;
    this.seek(at, now);
  }

  #settle(now: number): void {
    this.#playing = this.playing(now);
    this.#played = this.played(now);
    this.#since = now;
  }
}
