// Hidden tests as everybody may see them: how each entry about them changes the state of the room.

import type { Bodies, Entry } from "../../../protocol/ts/entries";
import type { JudgementState, RoomState } from "./state";

type Told = "tests.queued" | "tests.started" | "tests.result" | "tests.cancelled" | "tests.finished";
type Known<K extends Told> = Omit<Entry, "kind" | "body"> & { kind: K; body: Bodies[K] };

export const JUDGEMENTS: { [K in Told]: (state: RoomState, entry: Known<K>) => Partial<RoomState> } = {
  "tests.queued": (state, { seq, at, actor, body }) => {
    const judgement: JudgementState = {
      ...body,
      by: actor,
      seq,
      queuedAt: at,
      status: "queued",
      results: [],
      total: 0,
    };
    return { judgements: [...state.judgements, judgement] };
  },
  "tests.started": (state, { at, body }) =>
    change(state, body.judgement, () => ({
      status: "running",
      startedAt: at,
      visibility: body.visibility,
      unisolated: body.unisolated,
    })),
  "tests.result": (state, { body }) =>
    change(state, body.judgement, ({ results }) => ({ results: [...results, body], total: body.total })),
  "tests.cancelled": (state, { actor, body }) =>
    change(state, body.judgement, () => ({ cancelledBy: actor })),
  "tests.finished": (state, { at, body }) => change(state, body.judgement, () => finished(at, body)),
};

/** One that is over is changed no more. */
function change(
  state: RoomState,
  id: string,
  by: (of: JudgementState) => Partial<JudgementState>,
): Partial<RoomState> {
  const index = state.judgements.findLastIndex((one) => one.judgement === id);
  const found = state.judgements[index];
  if (found === undefined || found.finishedAt !== undefined) return {};
  const judgements = state.judgements.slice();
  judgements[index] = { ...found, ...by(found) };
  return { judgements };
}

function finished(at: number, body: Bodies["tests.finished"]): Partial<JudgementState> {
  const { status, passed, failed, errors, skipped, total, duration, detail } = body;
  const counts = { passed, failed, errors, skipped };
  const end = { status, finishedAt: at, counts, total, duration };
  return detail === undefined ? end : { ...end, detail };
}
