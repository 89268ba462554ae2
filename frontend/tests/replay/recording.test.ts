// Replay against the live room: the same text and the same state, at the end and at any moment before.

import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { Fold, spliced, splicesBetween, stepsUntilSeq } from "../../src/replay/fold";
import { lanesOf } from "../../src/replay/lanes";
import { buildRecording } from "../../src/replay/recording";
import { applyAll } from "../../src/room/apply";
import { EMPTY } from "../../src/room/state";
import { below, seeded } from "../support/random";
import { Storm } from "../support/storm";

const SECOND = 1_000_000;

/** A log written by hand: `at` in seconds. Everybody has a document and hears the others at once, but in `deaf`. */
class Log {
  readonly entries: Entry[] = [];
  readonly deaf = new Set<string>();
  readonly #docs = new Map<string, Y.Doc>();

  add(at: number, actor: string, kind: string, body: CborMap = {}): this {
    const seq = this.entries.length + 1;
    this.entries.push({ stream: "room", seq, at: at * SECOND, actor, kind, body });
    return this;
  }

  /** `time`: when it was typed, in seconds, where that was earlier. */
  types(at: number, actor: string, text: string, { pos = -1, time = -1 } = {}): this {
    const doc = this.#docOf(actor);
    const before = Y.encodeStateVector(doc);
    const shared = doc.getText("main.py");
    shared.insert(pos < 0 ? shared.length : pos, text);
    const update = Y.encodeStateAsUpdate(doc, before);
    for (const [other, heard] of this.#docs) if (!this.deaf.has(other)) Y.applyUpdate(heard, update);
    return this.add(at, actor, "edit", time < 0 ? { update } : { update, time: time * 1000 });
  }

  #docOf(actor: string): Y.Doc {
    const doc = this.#docs.get(actor) ?? new Y.Doc();
    if (!this.#docs.has(actor)) {
      for (const { kind, body } of this.entries)
        if (kind === "edit") Y.applyUpdate(doc, body.update as Uint8Array);
      this.#docs.set(actor, doc);
    }
    return doc;
  }
}

function textOf(entries: readonly Entry[]): string {
  const doc = new Y.Doc();
  for (const { kind, body } of entries) if (kind === "edit") Y.applyUpdate(doc, body.update as Uint8Array);
  return doc.getText("main.py").toString();
}

describe.each([1, 2, 3, 4, 5, 6])("the log of a storm, seed %i", (seed) => {
  const storm = new Storm(seed, { erasing: true });
  for (let step = 0; step < 600; step += 1) storm.step();
  storm.calm();
  const { log } = storm.room.server;

  test("ends as the room did", () => {
    const recording = buildRecording(log);
    const last = new Fold(recording).momentAfter(recording.steps.length);
    expect(last.texts.get("main.py")).toBe(storm.room.server.text());
    expect(last.state).toEqual(applyAll(EMPTY, log));
  });

  test("is at each moment what the room was", () => {
    // Without the times of offline edits the replay goes strictly by the log.
    const plain = log.map((entry) =>
      entry.kind === "edit" ? { ...entry, body: { update: entry.body.update as Uint8Array } } : entry,
    );
    const fold = new Fold(buildRecording(plain));
    const random = seeded(seed);
    for (let i = 0; i < 60; i += 1) {
      const seq = below(random, plain.length + 1);
      const moment = fold.momentAtSeq(seq);
      expect(moment.texts.get("main.py") ?? "").toBe(textOf(plain.slice(0, seq)));
      expect(moment.state).toEqual(applyAll(EMPTY, plain.slice(0, seq)));
    }
  });

  test("is the same going on from where it was as going there at once", () => {
    const recording = buildRecording(log);
    const walking = new Fold(recording);
    for (let count = 0; count <= recording.steps.length; count += 7) {
      expect(walking.momentAfter(count)).toEqual(new Fold(recording).momentAfter(count));
    }
  });

  test("tells an editor what changed from one moment to the next", () => {
    const recording = buildRecording(log);
    const fold = new Fold(recording);
    const [from, to] = [stepsUntilSeq(recording, 30), recording.steps.length];
    const before = fold.momentAfter(from).texts.get("main.py") ?? "";
    const changes = splicesBetween(recording, "main.py", from, to);
    expect(changes.reduce(spliced, before)).toBe(fold.momentAfter(to).texts.get("main.py"));
  });
});

describe("offline edits", () => {
  const log = new Log();
  log.add(1, "ada", "person.joined", { name: "Ada", role: "candidate", colour: 0, invite: "candidate/1" });
  log.add(1, "ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
  log.types(2, "ada", "a").add(10, "ada", "seat.closed", { seat: "s-1", code: 1006 });
  log.deaf.add("ada");
  log.types(12, "bob", "B", { pos: 0 });
  log.add(20, "ada", "seat.opened", { seat: "s-2", dialect: "fourhands" });
  log
    .types(20, "ada", "b", { time: 11 })
    .types(20, "ada", "c", { time: 13 })
    .types(20, "ada", "d", { time: 99 });
  const recording = buildRecording(log.entries);
  const fold = new Fold(recording);

  test("are shown when they were typed", () => {
    expect(fold.momentAt(10 * SECOND).texts.get("main.py")).toBe("a");
    expect(fold.momentAt(11 * SECOND).texts.get("main.py")).toBe("ab");
    expect(fold.momentAt(12 * SECOND).texts.get("main.py")).toBe("Bab");
    expect(fold.momentAt(13 * SECOND).texts.get("main.py")).toBe("Babc");
    expect(fold.momentAt(20 * SECOND).texts.get("main.py")).toBe("Babcd");
  });

  test("are flagged, and reach the log when they did", () => {
    const parts = recording.steps.filter(({ entry }) => entry.kind === "edit").map(({ part }) => part);
    expect(parts).toEqual(["whole", "typed", "whole", "typed", "arrived", "arrived", "whole"]);
    expect(fold.momentAfter(recording.steps.length).state.seq).toBe(log.entries.length);
  });

  test("of a clock that is wrong stay between the edit before and their arrival", () => {
    const wrong = new Log().types(5, "ada", "a").types(30, "ada", "b", { time: 0 });
    expect(buildRecording(wrong.entries).steps.map(({ at }) => at / SECOND)).toEqual([5, 5, 30]);
  });

  test("show in the lanes, with the time without a link", () => {
    const [ada, bob] = lanesOf(recording, { bins: 20, place: (at) => at / (20 * SECOND) });
    expect(ada).toMatchObject({
      person: "ada",
      away: [{ from: 10 * SECOND, to: 20 * SECOND, lost: true, edits: 0 }],
      offline: [{ from: 11 * SECOND, to: 20 * SECOND }],
    });
    expect(ada?.bins.map(({ inserted }) => inserted).join("")).toBe("00100000000101000001");
    expect(bob?.bins[12]).toEqual({ inserted: 1, deleted: 0 });
  });
});

describe("the lane of a connection", () => {
  const joined = { name: "Ada", role: "candidate", colour: 0, invite: "candidate/1" };
  const here = () =>
    new Log()
      .add(1, "ada", "person.joined", joined)
      .add(1, "ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
  const awayIn = (log: Log) => {
    const recording = buildRecording(log.entries);
    return lanesOf(recording, { bins: 1, place: () => 0 })[0]?.away.map(({ from, to, lost, edits }) => ({
      from: from / SECOND,
      to: to / SECOND,
      lost,
      edits,
    }));
  };

  test("shows a lost link from when the page was last heard, and the edits that came later", () => {
    const log = here().add(22, "ada", "seat.lost", { seat: "s-1", code: 4304, silent: 11 * SECOND });
    log.add(25, "ada", "seat.back", { seat: "s-1", away: 15 * SECOND, pending: 31 });
    log
      .add(26, "ada", "seat.merged", { seat: "s-1", edits: 20 })
      .add(27, "ada", "seat.merged", { seat: "s-1", edits: 10 });
    log
      .add(30, "ada", "seat.closed", { seat: "s-1", code: 1001 })
      .add(40, "server", "kernel", { state: "idle" });
    expect(awayIn(log)).toEqual([
      { from: 10, to: 25, lost: true, edits: 30 },
      { from: 30, to: 40, lost: false, edits: 0 },
    ]);
  });

  test("goes on over a seat that was given up", () => {
    const log = here().add(5, "ada", "seat.lost", { seat: "s-1", code: 1006 });
    log.add(24, "ada", "seat.closed", { seat: "s-1", code: 1006 });
    log.add(60, "ada", "seat.opened", {
      seat: "s-2",
      dialect: "fourhands",
      again: "s-1",
      away: 56 * SECOND,
      pending: 0,
    });
    expect(awayIn(log)).toEqual([{ from: 4, to: 60, lost: true, edits: 0 }]);
  });

  test("shows a loss that the server noticed only when the page was back, and no link that was only made anew", () => {
    const log = here().add(10, "ada", "seat.back", { seat: "s-1", away: 0, pending: 0 });
    log.add(20, "ada", "seat.back", { seat: "s-1", away: 7 * SECOND, pending: 2 });
    expect(awayIn(log)).toEqual([{ from: 13, to: 20, lost: true, edits: 0 }]);
  });

  test("shows nothing while another page of theirs is here", () => {
    const log = here().add(2, "ada", "seat.opened", { seat: "s-2", dialect: "fourhands" });
    log
      .add(5, "ada", "seat.lost", { seat: "s-1", code: 1006 })
      .add(24, "ada", "seat.closed", { seat: "s-1", code: 1006 });
    expect(awayIn(log)).toEqual([]);
  });
});

test("cursors go along with the text between their records", () => {
  const log = new Log().types(1, "bob", "hello");
  log.add(2, "ada", "cursor", { client: 1, file: "main.py", anchor: 2, head: 4 });
  log.types(3, "bob", ">> ", { pos: 0 });
  const { cursors } = new Fold(buildRecording(log.entries)).momentAtSeq(3);
  expect(cursors.get("ada")).toMatchObject({ anchor: 5, head: 7 });
  expect(cursors.get("bob")).toMatchObject({ anchor: 3, head: 3 });
});

test("an empty log is an empty room", () => {
  const recording = buildRecording([]);
  expect(new Fold(recording).momentAfter(5)).toMatchObject({ count: 0, state: EMPTY });
  expect(lanesOf(recording, { bins: 10, place: () => 0 })).toEqual([]);
});

test("an hour of 100,000 edits is ready soon, and each moment of it at once", () => {
  const [doc, entries, random] = [new Y.Doc(), [] as Entry[], seeded(7)];
  doc.on("update", (update: Uint8Array) => {
    const seq = entries.length + 1;
    entries.push({ stream: "room", seq, at: seq * 36_000, actor: "ada", kind: "edit", body: { update } });
  });
  const text = doc.getText("main.py");
  while (entries.length < 100_000) {
    if (entries.length % 60 === 0) text.insert(below(random, text.length + 1), "\n");
    else text.insert(text.length, "x");
  }
  const started = performance.now();
  const recording = buildRecording(entries);
  const built = performance.now() - started;
  const fold = new Fold(recording);
  const seeks = Array.from({ length: 100 }, () => {
    const begun = performance.now();
    fold.momentAfter(below(random, recording.steps.length));
    return performance.now() - begun;
  }).sort((a, b) => a - b);
  expect(recording.steps).toHaveLength(100_000);
  // Far above what a quiet machine takes: a tenth of it.
  expect(built).toBeLessThan(10_000);
  expect(seeks[95]).toBeLessThan(500);
  console.info(`built in ${Math.round(built)} ms, seek p95 ${seeks[95]?.toFixed(1)} ms`);
}, 60_000);
