/** What is said of a judgement: how far it is, or how it ended, in words; and its tests as far as one may know them. */
import type { JudgementInfo } from "../../../../../protocol/ts/api";
import type { Verdict } from "../../../room/private";
import type { JudgementState } from "../../../room/state";
import { plural } from "../../clock";
import type { IconName } from "../../parts/icon";
import type { Row } from "./results";

export interface Said {
  icon: IconName;
  tone: "good" | "bad" | "warn" | "live" | "calm";
  words: string;
}

/** `done`: tests that have an outcome already. */
export function sayingOf(judgement: JudgementState, done: number): Said {
  const { status, counts, total } = judgement;
  if (status === "queued") return { icon: "clock", tone: "calm", words: "Waiting" };
  if (status === "running") {
    const far = total > 0 ? `, ${done} of ${total}` : done > 0 ? `, ${plural(done, "test")} done` : "";
    return { icon: "play", tone: "live", words: `Running${far}` };
  }
  if (status === "cancelled") return { icon: "square", tone: "warn", words: "Stopped" };
  const passed = counts === undefined || total === 0 ? "" : `${counts.passed} of ${total} passed`;
  if (status === "timeout")
    return {
      icon: "clock",
      tone: "bad",
      words: passed === "" ? "Took too long" : `Took too long, ${passed}`,
    };
  if (status === "error" || counts === undefined)
    return {
      icon: "triangle-alert",
      tone: "bad",
      words: passed === "" ? "Could not be run" : `Broke off, ${passed}`,
    };
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  const good = counts.failed + counts.errors === 0;
  return { icon: good ? "check" : "circle-x", tone: good ? "good" : "bad", words: passed + skipped };
}

/** The tests one by one: those that interviewers were told, those that were read, or those that everybody knows. */
export function rowsOf(judgement: JudgementState, told?: Verdict, read?: JudgementInfo): Row[] {
  if (read !== undefined)
    return read.results.map(({ duration_ms, ...row }) => ({ ...row, duration: duration_ms }));
  const known = told !== undefined && told.records.length > 0 ? told.records : judgement.results;
  return known.map((row) => ({ ...row, duration: row.duration / 1000 }));
}

/** Tests that had an outcome, at the end. */
export function doneOf({ counts }: JudgementState): number {
  return counts === undefined ? 0 : counts.passed + counts.failed + counts.errors + counts.skipped;
}
