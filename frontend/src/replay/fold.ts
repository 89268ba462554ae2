// The room at any moment of a recording: the nearest keyframe before it, and the steps from there.

import { apply } from "../room/apply";
import { moveCursors } from "./cursors";
import type { Splice } from "./deltas";
import type { Moment, Recording, Step } from "./recording";

/** Remembers the last moment, so that playing on costs only the steps in between. */
export class Fold {
  readonly #recording: Recording;
  #last: Moment;

  constructor(recording: Recording) {
    this.#recording = recording;
    this.#last = keyframeBefore(recording, 0);
  }

  /** After so many steps: 0 is the room before anything, `steps.length` the end. */
  momentAfter(count: number): Moment {
    const { steps } = this.#recording;
    const wanted = Math.min(Math.max(0, count), steps.length);
    const keyframe = keyframeBefore(this.#recording, wanted);
    const near = this.#last.count <= wanted && this.#last.count >= keyframe.count;
    this.#last = advance(
      near ? this.#last : keyframe,
      steps.slice((near ? this.#last : keyframe).count, wanted),
    );
    return this.#last;
  }

  /** µs of the log's clock; what happened just then has happened. */
  momentAt(at: number): Moment {
    return this.momentAfter(stepsUntil(this.#recording, at));
  }

  /** As of an entry of the log. */
  momentAtSeq(seq: number): Moment {
    return this.momentAfter(stepsUntilSeq(this.#recording, seq));
  }
}

/** How many steps have happened by then. */
export function stepsUntil({ steps }: Recording, at: number): number {
  return countWhile(steps.length, (i) => (steps[i] as Step).at <= at);
}

/** How many steps have happened when this entry was recorded. */
export function stepsUntilSeq({ steps }: Recording, seq: number): number {
  const index = steps.findLastIndex(({ entry, part }) => entry.seq <= seq && part !== "typed");
  return index + 1;
}

/** What changes one file from one moment to a later one, in order: for an editor that need not be refilled. */
export function splicesBetween({ steps }: Recording, file: string, from: number, to: number): Splice[] {
  return steps.slice(from, to).flatMap(({ splices }) => splices.filter((splice) => splice.file === file));
}

export function spliced(text: string, { at, remove, insert }: Splice): string {
  return text.slice(0, at) + insert + text.slice(at + remove);
}

function advance(from: Moment, steps: readonly Step[]): Moment {
  if (steps.length === 0) return from;
  const texts = new Map(from.texts);
  let { state, cursors, at } = from;
  for (const step of steps) {
    for (const splice of step.splices) texts.set(splice.file, spliced(texts.get(splice.file) ?? "", splice));
    if (step.part !== "typed") state = apply(state, step.entry);
    cursors = moveCursors(cursors, step);
    at = step.at;
  }
  return { count: from.count + steps.length, at, texts, state, cursors };
}

function keyframeBefore({ keyframes }: Recording, count: number): Moment {
  const index = countWhile(keyframes.length, (i) => (keyframes[i] as Moment).count <= count);
  const found = keyframes[index - 1];
  if (found === undefined) throw new Error("a recording begins with a keyframe of the empty room");
  return found;
}

/** Of a list that is true at first and false from some point on: how many are true. */
function countWhile(length: number, isTrue: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isTrue(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
