// A session to be replayed, as plain data: what happened step by step, and the whole picture now and then.

import type { Entry } from "../../../protocol/ts/entries";
import { apply } from "../room/apply";
import { type Cursor, EMPTY, type RoomState } from "../room/state";
import { moveCursors } from "./cursors";
import { DeltaReader, type Splice } from "./deltas";
import { inReplayOrder, type Placed } from "./order";

/** One entry at its place. The text changes of an edit stand where it was typed. */
export interface Step extends Placed {
  splices: readonly Splice[];
}

/** Everything at one moment: after so many steps. */
export interface Moment {
  count: number;
  /** µs; that of the last step. */
  at: number;
  /** By root name. */
  texts: ReadonlyMap<string, string>;
  state: RoomState;
  /** By person, moved along with the text between the records of them. */
  cursors: ReadonlyMap<string, Cursor>;
}

export interface Recording {
  /** In the order of their time. */
  steps: readonly Step[];
  /** Rising; the first is the empty room, and none is far from the next. */
  keyframes: readonly Moment[];
  /** µs of the log's clock: first and last step. */
  start: number;
  end: number;
}

const KEYFRAME_US = 60_000_000;
/** A minute of a program that types, or a paste of a thousand lines, must not make a seek slow. */
const KEYFRAME_STEPS = 500;

export function buildRecording(entries: readonly Entry[]): Recording {
  const builder = new Builder();
  for (const placed of inReplayOrder(entries)) builder.add(placed);
  return builder.finish();
}

class Builder {
  readonly #reader = new DeltaReader();
  readonly #steps: Step[] = [];
  readonly #keyframes: Moment[] = [];
  #state = EMPTY;
  #cursors: ReadonlyMap<string, Cursor> = new Map();
  #texts: ReadonlyMap<string, string> = new Map();
  /** Files whose text has changed since the last keyframe. */
  #changed = new Set<string>();

  add(placed: Placed): void {
    if (this.#isDue(placed)) this.#keyframe(placed.at);
    const { entry, part } = placed;
    const splices = entry.kind === "edit" && part !== "arrived" ? this.#reader.apply(updateOf(entry)) : [];
    for (const { file } of splices) this.#changed.add(file);
    if (part !== "typed") this.#state = apply(this.#state, entry);
    const step = { ...placed, splices };
    this.#cursors = moveCursors(this.#cursors, step);
    this.#steps.push(step);
  }

  finish(): Recording {
    const [first, last] = [this.#steps[0], this.#steps.at(-1)];
    this.#keyframe(last?.at ?? 0);
    return { steps: this.#steps, keyframes: this.#keyframes, start: first?.at ?? 0, end: last?.at ?? 0 };
  }

  #isDue({ at }: Placed): boolean {
    const last = this.#keyframes.at(-1);
    if (last === undefined) return true;
    const steps = this.#steps.length - last.count;
    return steps >= KEYFRAME_STEPS || (steps > 0 && at - last.at >= KEYFRAME_US);
  }

  #keyframe(next: number): void {
    const texts = new Map(this.#texts);
    for (const file of this.#changed) texts.set(file, this.#reader.text(file));
    this.#texts = texts;
    this.#changed = new Set();
    const at = this.#steps.at(-1)?.at ?? next;
    const count = this.#steps.length;
    this.#keyframes.push({ count, at, texts, state: this.#state, cursors: this.#cursors });
  }
}

function updateOf({ seq, body }: Entry): Uint8Array {
  if (body.update instanceof Uint8Array) return body.update;
  throw new Error(`The edit of entry ${seq} holds no update.`);
}
