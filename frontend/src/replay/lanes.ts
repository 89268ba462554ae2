// Who did what when: a lane for each person, to be drawn under the scrubber.

import type { JudgementState, RunStatus } from "../room/state";
import type { Moment, Recording, Step } from "./recording";

export interface Bin {
  /** UTF-16 units. */
  inserted: number;
  deleted: number;
}

export interface RunMark {
  run: string;
  at: number;
  status: RunStatus;
}

export interface TestsMark {
  judgement: string;
  at: number;
  /** Whether all of them passed; null where they came to no end of their own. */
  good: boolean | null;
}

/** Times in µs of the log's clock. */
export interface Span {
  from: number;
  to: number;
}

export interface Lane {
  person: string;
  bins: readonly Bin[];
  runs: readonly RunMark[];
  tests: readonly TestsMark[];
  chat: readonly { at: number; seq: number }[];
  /** Without any connection, once there was one. */
  away: readonly Span[];
  /** Typing that reached the log only later. */
  offline: readonly Span[];
}

export interface LaneOptions {
  bins: number;
  /** Where a moment is drawn, 0 to 1. */
  place: (at: number) => number;
}

/** One lane for each participant who did anything, in order of joining; edits of strangers (HTTP calls) too. */
export function lanesOf(recording: Recording, { bins, place }: LaneOptions): Lane[] {
  const last = recording.keyframes.at(-1);
  const ends: Ends = {
    runs: new Map(last?.state.runs.map(({ run, status }) => [run, status])),
    tests: new Map(last?.state.judgements.map((one) => [one.judgement, goodOf(one)])),
  };
  const lanes = new Map<string, Drawing>();
  for (const id of peopleOf(recording, last)) lanes.set(id, new Drawing(id, bins));
  for (const step of recording.steps) {
    const bin = Math.min(bins - 1, Math.floor(place(step.at) * bins));
    lanes.get(step.entry.actor)?.add(step, bin, ends);
  }
  return [...lanes.values()].map((drawing) => drawing.finish(recording.end));
}

/** How runs and tests ended. */
interface Ends {
  runs: ReadonlyMap<string, RunStatus>;
  tests: ReadonlyMap<string, boolean | null>;
}

function goodOf({ status, counts }: JudgementState): boolean | null {
  if (status !== "ok" || counts === undefined) return status === "timeout" ? false : null;
  return counts.failed + counts.errors === 0;
}

function peopleOf({ steps }: Recording, last: Moment | undefined): Set<string> {
  const people = new Set(last?.state.people.keys());
  for (const { entry, splices } of steps) if (splices.length > 0) people.add(entry.actor);
  return people;
}

class Drawing {
  readonly #person: string;
  readonly #bins: Bin[];
  readonly #runs: RunMark[] = [];
  readonly #tests: TestsMark[] = [];
  readonly #chat: { at: number; seq: number }[] = [];
  readonly #away: Span[] = [];
  readonly #offline: Span[] = [];
  readonly #seats = new Set<string>();
  #lostAt: number | null = null;

  constructor(person: string, bins: number) {
    this.#person = person;
    this.#bins = Array.from({ length: bins }, () => ({ inserted: 0, deleted: 0 }));
  }

  add(step: Step, bin: number, ends: Ends): void {
    const { entry, at } = step;
    const { body, seq } = entry;
    switch (entry.kind) {
      case "edit":
        this.#edit(step, bin);
        break;
      case "chat":
        this.#chat.push({ at, seq });
        break;
      case "run.queued":
        this.#runs.push({ run: String(body.run), at, status: ends.runs.get(String(body.run)) ?? "queued" });
        break;
      case "tests.queued":
        this.#mark(String(body.judgement), at, ends);
        break;
      case "seat.opened":
        this.#opened(String(body.seat), at);
        break;
      case "seat.closed":
        this.#closed(String(body.seat), at);
    }
  }

  finish(end: number): Lane {
    if (this.#lostAt !== null && this.#lostAt < end) this.#away.push({ from: this.#lostAt, to: end });
    return {
      person: this.#person,
      bins: this.#bins,
      runs: this.#runs,
      tests: this.#tests,
      chat: this.#chat,
      away: this.#away,
      offline: this.#offline,
    };
  }

  #mark(judgement: string, at: number, { tests }: Ends): void {
    this.#tests.push({ judgement, at, good: tests.get(judgement) ?? null });
  }

  #edit({ splices, part, at, entry }: Step, index: number): void {
    const bin = this.#bins[index];
    for (const { insert, remove } of bin === undefined ? [] : splices) {
      (bin as Bin).inserted += insert.length;
      (bin as Bin).deleted += remove;
    }
    if (part === "typed") this.#typedOffline({ from: at, to: entry.at });
  }

  /** Those of one absence end together: they are one span. */
  #typedOffline(span: Span): void {
    const last = this.#offline.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else this.#offline.push(span);
  }

  #opened(seat: string, at: number): void {
    this.#seats.add(seat);
    if (this.#lostAt !== null) this.#away.push({ from: this.#lostAt, to: at });
    this.#lostAt = null;
  }

  #closed(seat: string, at: number): void {
    if (this.#seats.delete(seat) && this.#seats.size === 0) this.#lostAt = at;
  }
}
