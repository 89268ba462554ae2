// What interviewers alone know of a room: the fold of the stream `interviewers`, beside that of the room.

import type { CborMap } from "../../../protocol/ts/cbor";
import { type Entry, isPrivate, type PrivateBodies } from "../../../protocol/ts/entries";

/** What came of each test, and words about it, as far as this page was told: a story leaves out old tests. */
export interface Verdict {
  records: readonly PrivateBodies["tests.record"][];
  notes: readonly string[];
}

/** Treat as immutable, like the room's state. */
export interface PrivateState {
  seq: number;
  /** Whole questions by id, with what is hidden in them. */
  questions: ReadonlyMap<string, CborMap>;
  /** By judgement. */
  verdicts: ReadonlyMap<string, Verdict>;
  /** The last error of the service on a port. */
  faults: ReadonlyMap<number, string>;
}

export const NOTHING_PRIVATE: PrivateState = {
  seq: 0,
  questions: new Map(),
  verdicts: new Map(),
  faults: new Map(),
};

const NO_VERDICT: Verdict = { records: [], notes: [] };

/** Entries of other streams change nothing, nor does one that is folded in already. */
export function applyPrivate(state: PrivateState, entries: Iterable<Entry>): PrivateState {
  let next = state;
  for (const entry of entries) {
    if (entry.stream === "interviewers" && entry.seq > next.seq)
      next = { ...next, seq: entry.seq, ...changeOf(next, entry) };
  }
  return next;
}

function changeOf(state: PrivateState, entry: Entry): Partial<PrivateState> {
  if (!isPrivate(entry)) return {};
  switch (entry.kind) {
    case "question.kept":
      return { questions: new Map(state.questions).set(entry.body.question, entry.body.whole) };
    case "tests.record": {
      const { body } = entry;
      return verdict(state, body.judgement, ({ records }) => ({ records: [...records, body] }));
    }
    case "tests.detail": {
      const { judgement, text } = entry.body;
      return verdict(state, judgement, ({ notes }) => ({ notes: [...notes, text] }));
    }
    case "service.detail":
      return { faults: new Map(state.faults).set(entry.body.port, entry.body.text) };
  }
}

function verdict(
  state: PrivateState,
  judgement: string,
  by: (of: Verdict) => Partial<Verdict>,
): Partial<PrivateState> {
  const found = state.verdicts.get(judgement) ?? NO_VERDICT;
  return { verdicts: new Map(state.verdicts).set(judgement, { ...found, ...by(found) }) };
}
