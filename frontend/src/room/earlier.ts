// Outputs of earlier runs that a story leaves out: marked at first, and read from the log when somebody asks.

import type { TimelinePage } from "../../../protocol/ts/api";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { applyAll } from "./apply";
import type { RoomState, RunState } from "./state";

export interface Source {
  timeline(room: string, query: { after: number; kinds: readonly string[] }): Promise<TimelinePage>;
}

/** What is seen of a run between its start and its end. */
const SHOWN = ["run.outputs", "run.input_asked", "run.input"];

/** The state of a story, with the runs marked that it tells in part. Those that this page has seen to their end it knows. */
export function leaveOut(
  state: RoomState,
  leftOut: Readonly<Record<string, number>>,
  before: RoomState,
): RoomState {
  const seen = new Map(before.lineage === state.lineage ? before.runs.map((run) => [run.run, run]) : []);
  const runs = state.runs.map((run) => {
    const bytes = leftOut[run.run];
    return bytes === undefined ? run : (whole(run, seen.get(run.run)) ?? { ...run, leftOut: bytes });
  });
  return { ...state, runs };
}

function whole(run: RunState, seen: RunState | undefined): RunState | null {
  if (seen === undefined || seen.leftOut !== undefined || seen.finishedAt === undefined) return null;
  return seen.seq === run.seq && seen.finishedAt === run.finishedAt ? seen : null;
}

/** All that was recorded of a run's outputs, at least as far as the state has come when this resolves. */
export async function loadOutputs(
  source: Source,
  room: string,
  run: string,
  state: () => RoomState,
): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let after = state().runs.find((one) => one.run === run)?.seq ?? 0; ; ) {
    const page = await source.timeline(room, { after, kinds: [...SHOWN, "run.finished"] });
    for (const row of page.entries) {
      if (row.body.run !== run) continue;
      if (row.kind === "run.finished") return entries;
      entries.push({ ...row, body: row.body as CborMap });
    }
    const last = page.entries.at(-1);
    // The log is never behind what the socket tells, but an answer may come later than that.
    if (last === undefined && page.head >= state().seq) return entries;
    after = last?.seq ?? page.head;
  }
}

/** The state with these outputs of a run; what it has not come to yet it will be told. */
export function withOutputs(state: RoomState, id: string, entries: readonly Entry[]): RoomState {
  const runs = state.runs.map((run) => {
    if (run.run !== id) return run;
    const { leftOut: _, ...told } = run;
    const nothing = { ...state, seq: 0, runs: [{ ...told, outputs: [], items: 0, input: null }] };
    const past = entries.filter(({ seq }) => seq <= state.seq);
    const folded = applyAll(nothing, past).runs[0] ?? told;
    return { ...told, outputs: folded.outputs, items: folded.items };
  });
  return { ...state, runs };
}
