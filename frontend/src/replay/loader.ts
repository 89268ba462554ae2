// Reads a whole stream of the log through the timeline API, page by page, several pages at once.

import type { EntryRow, TimelinePage } from "../../../protocol/ts/api";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";

/** Entries a page, the most that the server gives. */
const PAGE = 1000;
/** Pages asked for at once. */
const LANES = 4;

export interface Source {
  timeline(
    room: string,
    query: { after: number; limit: number; signal?: AbortSignal },
  ): Promise<TimelinePage>;
}

export interface LoadOptions {
  /** Only what comes after this seq. */
  after?: number;
  signal?: AbortSignal;
  /** Called with 0 to 1 as pages arrive. */
  progress?: (done: number) => void;
}

/** All entries of the room up to the head at the time of asking, in order and without a hole. */
export async function loadTimeline(
  source: Source,
  room: string,
  options: LoadOptions = {},
): Promise<Entry[]> {
  const { after = 0, signal, progress } = options;
  const read = async (from: number): Promise<TimelinePage> => {
    return source.timeline(room, { after: from, limit: PAGE, ...(signal && { signal }) });
  };
  const first = await read(after);
  const rows = new Map<number, EntryRow>(first.entries.map((row) => [row.seq, row]));
  const starts = range(after + PAGE, first.head, PAGE);
  const total = Math.max(1, first.head - after);
  const lane = async () => {
    for (let from = starts.shift(); from !== undefined; from = starts.shift()) {
      await readSpan(read, from, Math.min(from + PAGE, first.head), rows);
      progress?.(rows.size / total);
    }
  };
  await readSpan(read, after + first.entries.length, Math.min(after + PAGE, first.head), rows);
  await Promise.all(Array.from({ length: LANES }, lane));
  return inOrder(rows, after, first.head);
}

/** A page may be shorter than asked for: ask again until the span is full. */
async function readSpan(
  read: (from: number) => Promise<TimelinePage>,
  from: number,
  to: number,
  rows: Map<number, EntryRow>,
): Promise<void> {
  for (let at = from; at < to; ) {
    const { entries } = await read(at);
    const last = entries.at(-1);
    if (last === undefined) throw new Error(`The room's record ends at entry ${at}, not at ${to}.`);
    for (const row of entries) rows.set(row.seq, row);
    at = last.seq;
  }
}

function inOrder(rows: Map<number, EntryRow>, after: number, head: number): Entry[] {
  const entries: Entry[] = [];
  for (let seq = after + 1; seq <= head; seq += 1) {
    const row = rows.get(seq);
    if (row === undefined) throw new Error(`Entry ${seq} is missing from the room's record.`);
    entries.push(entryOf(row));
  }
  return entries;
}

function range(from: number, to: number, step: number): number[] {
  return Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, i) => from + i * step);
}

/** JSON has no bytes: an update comes as base64. */
export function entryOf(row: EntryRow): Entry {
  const body = row.body as CborMap;
  if (row.kind !== "edit" || typeof body.update !== "string") return { ...row, body };
  return { ...row, body: { ...body, update: bytesOf(body.update) } };
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
}
