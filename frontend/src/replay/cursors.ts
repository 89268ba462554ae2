// Where cursors are between the records of them: ten a second are kept, so edits carry them along.

import type { Cursor } from "../room/state";
import type { Splice } from "./deltas";
import type { Placed } from "./order";

type Cursors = ReadonlyMap<string, Cursor>;

/** The cursors after a step; the same map where nothing moved. */
export function moveCursors(cursors: Cursors, step: Placed & { splices: readonly Splice[] }): Cursors {
  const { entry, at, splices } = step;
  if (entry.kind === "cursor") return recorded(cursors, step);
  if (splices.length === 0) return cursors;
  const moved = new Map(cursors);
  for (const splice of splices) {
    for (const [person, cursor] of moved) {
      if (cursor.file === splice.file && person !== entry.actor) moved.set(person, carried(cursor, splice));
    }
    moved.set(entry.actor, typing(moved.get(entry.actor), entry.actor, splice, at));
  }
  return moved;
}

function recorded(cursors: Cursors, { entry, at }: Placed): Cursors {
  const { client, file, anchor, head } = entry.body as unknown as Cursor;
  return new Map(cursors).set(entry.actor, { person: entry.actor, client, file, anchor, head, at });
}

/** Whoever types stands behind what was typed. */
function typing(
  before: Cursor | undefined,
  person: string,
  { file, at, insert }: Splice,
  now: number,
): Cursor {
  const head = at + insert.length;
  return { person, client: before?.client ?? 0, file, anchor: head, head, at: now };
}

function carried(cursor: Cursor, splice: Splice): Cursor {
  const [anchor, head] = [shift(cursor.anchor, splice), shift(cursor.head, splice)];
  return anchor === cursor.anchor && head === cursor.head ? cursor : { ...cursor, anchor, head };
}

function shift(offset: number, { at, remove, insert }: Splice): number {
  if (offset <= at) return offset;
  return Math.max(at, offset - remove) + insert.length;
}
