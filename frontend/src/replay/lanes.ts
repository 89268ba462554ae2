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

/** A time without any connection, once there was one. */
export interface Absence extends Span {
  /** The link dropped; else they had closed the page. */
  lost: boolean;
  /** Edits that were made meanwhile and reached the log later, as far as their page said so. */
  edits: number;
}

export interface Lane {
  person: string;
  bins: readonly Bin[];
  runs: readonly RunMark[];
  tests: readonly TestsMark[];
  chat: readonly { at: number; seq: number }[];
  away: readonly Absence[];
  /** Typing that reached the log only later. */
  offline: readonly Span[];
}

export interface LaneOptions {
  bins: number;
  /** Where a moment is drawn, 0 to 1. */
  place: (at: number) => number;
}

/** Close codes of a page that was closed, or went to another address. */
const LEAVES: readonly number[] = [1000, 1001];
/** µs: a page that only made its link anew was not away. */
const NOTICED = 1_000_000;

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
  readonly #away: Absence[] = [];
  readonly #offline: Span[] = [];
  /** Each with whether its connection is there. */
  readonly #seats = new Map<string, boolean>();
  #gone: { at: number; lost: boolean } | null = null;

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
      case "seat.back":
        this.#here(String(body.seat), at, typeof body.away === "number" ? body.away : 0);
        break;
      case "seat.lost":
        this.#left(String(body.seat), at - Number(body.silent ?? 0), Number(body.code), true);
        break;
      case "seat.merged": {
        const last = this.#away.at(-1);
        if (last !== undefined) last.edits += Number(body.edits);
        break;
      }
      case "seat.closed":
        this.#left(String(body.seat), at, Number(body.code), false);
    }
  }

  finish(end: number): Lane {
    if (this.#gone !== null && this.#gone.at < end) this.#absent(this.#gone.at, end, this.#gone.lost);
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

  /** `silent`: µs since the page was last heard; the server may have noticed that late, or not at all. */
  #here(seat: string, at: number, silent: number): void {
    const alone = [...this.#seats].every(([one, here]) => one === seat || !here);
    this.#seats.set(seat, true);
    if (this.#gone !== null) this.#absent(Math.min(this.#gone.at, at - silent), at, this.#gone.lost);
    else if (alone && silent >= NOTICED) this.#absent(at - silent, at, true);
    this.#gone = null;
  }

  #left(seat: string, at: number, code: number, kept: boolean): void {
    const was = this.#seats.get(seat);
    if (kept && was !== undefined) this.#seats.set(seat, false);
    else this.#seats.delete(seat);
    const any = [...this.#seats.values()].includes(true);
    if (was === true && !any) this.#gone = { at, lost: !LEAVES.includes(code) };
  }

  #absent(from: number, to: number, lost: boolean): void {
    const least = this.#away.at(-1)?.to ?? 0;
    this.#away.push({ from: Math.max(from, least), to, lost, edits: 0 });
  }
}
