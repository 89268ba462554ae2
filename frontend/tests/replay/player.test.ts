// The player and its folded pauses, on a clock turned by hand.

import { describe, expect, test } from "vitest";
import { IdleMap } from "../../src/replay/idle";
import { Player } from "../../src/replay/player";

const SECOND = 1_000_000;
const START = 100 * SECOND;

function at(...seconds: number[]): number[] {
  return seconds.map((second) => START + second * SECOND);
}

/** Something at 0, 1, 2; a pause of a minute; something at 62, 63. */
const TIMES = at(0, 1, 2, 62, 63);

describe("pauses", () => {
  test("of five seconds and more are folded to one", () => {
    const map = new IdleMap(TIMES);
    expect(map.gaps).toEqual([{ from: START + 2 * SECOND, to: START + 62 * SECOND, folded: true }]);
    expect(map.length).toBe(4 * SECOND);
    expect(new IdleMap(at(0, 4.9)).gaps).toEqual([]);
    expect(new IdleMap(at(0, 5)).gaps).toHaveLength(1);
  });

  test("can be opened", () => {
    const map = new IdleMap(TIMES, new Set([START + 2 * SECOND]));
    expect(map.gaps[0]?.folded).toBe(false);
    expect(map.length).toBe(63 * SECOND);
  });

  test.each([0, 1, 1.5, 2, 32, 62, 62.5, 63])("the map goes there and back: %d s", (second) => {
    const map = new IdleMap(TIMES);
    const session = START + second * SECOND;
    expect(map.session(map.played(session))).toBeCloseTo(session, 0);
  });

  test("what lies outside is held at the ends", () => {
    const map = new IdleMap(TIMES);
    expect(map.played(0)).toBe(0);
    expect(map.session(99 * SECOND)).toBe(START + 63 * SECOND);
  });

  test("a session of one moment, or of none, is no fault", () => {
    expect(new IdleMap(at(3)).length).toBe(0);
    expect(new IdleMap([]).session(5)).toBe(0);
  });
});

describe("the player", () => {
  const marks = { edits: at(1, 2, 62), runs: at(63) };
  const player = () => new Player(new IdleMap(TIMES), marks);
  const second = (of: Player, now: number) => (of.at(now) - START) / SECOND;

  test("stands until it is told to play, and goes at its speed", () => {
    const one = player();
    expect(second(one, 5_000)).toBe(0);
    one.play(5_000);
    expect(second(one, 6_000)).toBe(1);
    one.setSpeed(0.5, 6_000);
    expect(second(one, 7_000)).toBe(1.5);
    one.pause(7_000);
    expect(second(one, 60_000)).toBe(1.5);
  });

  test("goes over a folded pause in a second", () => {
    const one = player();
    one.play(0);
    expect(second(one, 2_500)).toBe(32);
    expect(second(one, 3_000)).toBe(62);
  });

  test("stops at the last moment, and begins again when told", () => {
    const one = player();
    one.setSpeed(32, 0);
    one.play(0);
    expect(one.playing(100)).toBe(true);
    expect(second(one, 1_000)).toBe(63);
    expect(one.playing(1_000)).toBe(false);
    one.toggle(1_000);
    expect(second(one, 1_000)).toBe(0);
    expect(one.playing(1_010)).toBe(true);
  });

  test("goes on from where it was put", () => {
    const one = player();
    one.play(0);
    one.seek(START + 62 * SECOND, 100);
    expect(second(one, 600)).toBe(62.5);
  });

  test("steps from edit to edit and from run to run, and stops there", () => {
    const one = player();
    one.play(0);
    const seen = [1, 1, 1, 1, -1, -1].map((direction) => {
      one.step("edits", direction as 1 | -1, 0);
      return second(one, 0);
    });
    expect(seen).toEqual([1, 2, 62, 63, 62, 2]);
    expect(one.playing(0)).toBe(false);
    one.step("runs", 1, 0);
    expect(second(one, 0)).toBe(63);
    one.step("runs", -1, 0);
    expect(second(one, 0)).toBe(0);
  });

  test("has notches of speed with ends", () => {
    const one = player();
    for (let i = 0; i < 9; i += 1) one.changeSpeed(1, 0);
    expect(one.speed).toBe(32);
    for (let i = 0; i < 9; i += 1) one.changeSpeed(-1, 0);
    expect(one.speed).toBe(0.5);
  });

  test("stays at its moment when a pause is opened", () => {
    const one = player();
    one.seek(START + 62 * SECOND, 0);
    one.setMap(new IdleMap(TIMES, new Set([START + 2 * SECOND])), 0);
    expect(second(one, 0)).toBe(62);
    expect(one.played(0)).toBe(62 * SECOND);
  });
});
