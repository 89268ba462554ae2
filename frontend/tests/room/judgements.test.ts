import { describe, expect, it } from "vitest";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { applyAll } from "../../src/room/apply";
import { applyPrivate, NOTHING_PRIVATE } from "../../src/room/private";
import { EMPTY } from "../../src/room/state";

let seq = 0;

function entry(kind: string, body: CborMap, stream = "room"): Entry {
  seq += 1;
  return { stream, seq, at: seq * 1000, actor: "ivy", kind, body };
}

const offered = (title: string) => entry("question.offered", { question: "two-sum", title });
const counts = { passed: 1, failed: 1, errors: 0, skipped: 0 };
const result = (n: number) =>
  entry("tests.result", { judgement: "j", n, total: 2, name: `t${n}`, outcome: "passed", duration: 5 });
const finished = (status: string) =>
  entry("tests.finished", { judgement: "j", status, ...counts, total: 2, duration: 9000 });

describe("questions and their tests", () => {
  it("a question takes the place of the one before it", () => {
    const state = applyAll(EMPTY, [offered("One"), offered("Two")]);
    expect([...state.questions.values()].map(({ title }) => title)).toEqual(["Two"]);
  });

  it("tests go from their queueing to their end, and no further", () => {
    const queued = applyAll(EMPTY, [entry("tests.queued", { judgement: "j", question: "two-sum" })]);
    expect(queued.judgements[0]).toMatchObject({ status: "queued", by: "ivy", results: [] });
    const started = entry("tests.started", { judgement: "j", visibility: "names", unisolated: false });
    const running = applyAll(queued, [started, result(1), result(2)]);
    expect(running.judgements[0]).toMatchObject({ status: "running", visibility: "names", total: 2 });
    const over = applyAll(running, [finished("ok"), finished("error"), result(3)]);
    expect(over.judgements[0]).toMatchObject({ status: "ok", counts, duration: 9000 });
    expect(over.judgements[0]?.results).toHaveLength(2);
  });

  it("what is about tests that were never asked for changes nothing", () => {
    expect(applyAll(EMPTY, [result(1), finished("ok")]).judgements).toEqual([]);
  });
});

describe("what interviewers alone are told", () => {
  const kept = (title: string, at: number): Entry => ({
    ...entry("question.kept", { question: "two-sum", whole: { title }, after: 1 }, "interviewers"),
    seq: at,
  });

  it("is folded beside the room, each stream in its own order", () => {
    const told = [offered("One"), kept("One", 1), offered("Two"), kept("Two", 2), kept("old", 1)];
    expect(applyAll(EMPTY, told).questions.size).toBe(1);
    expect(applyPrivate(NOTHING_PRIVATE, told)).toMatchObject({ seq: 2 });
    expect(applyPrivate(NOTHING_PRIVATE, told).questions.get("two-sum")).toEqual({ title: "Two" });
  });

  it("keeps what came of each test, and goes past what it does not know", () => {
    const record = { judgement: "j", n: 1, name: "t", outcome: "failed", duration: 1 };
    const told = [
      entry("tests.record", { ...record, message: "no", printed: "x", after: 4 }, "interviewers"),
      entry("tests.later", { judgement: "j" }, "interviewers"),
      entry("tests.detail", { judgement: "j", text: "words", after: 4 }, "interviewers"),
    ];
    const state = applyPrivate(NOTHING_PRIVATE, told);
    expect(state.verdicts.get("j")).toMatchObject({ records: [{ message: "no" }], notes: ["words"] });
    expect(state.seq).toBe(told.at(-1)?.seq);
  });
});
