// The order in which a replay shows the entries: the log's, but offline edits where they were typed.

import type { Entry } from "../../../protocol/ts/entries";

export interface Placed {
  entry: Entry;
  /** When the replay shows it, in µs of the log's clock. */
  at: number;
  /** An edit typed while the link was down has two places: where it was typed, and where it reached the log. */
  part: "whole" | "typed" | "arrived";
}

/** An edit that came sooner than this after it was typed was not offline. */
const OFFLINE_US = 1_000_000;

/**
 * An offline edit is shown at its typist's own time, but not before that person's edit before it, nor after it
 * reached the log. It knows only what was in the log before the link was lost, so it fits where it is put.
 */
export function inReplayOrder(entries: readonly Entry[]): Placed[] {
  const placed: Placed[] = [];
  const lastEdit = new Map<string, number>();
  let moved = false;
  for (const entry of entries) {
    const typedAt = entry.kind === "edit" ? typed(entry, lastEdit.get(entry.actor) ?? 0) : entry.at;
    if (entry.kind === "edit") lastEdit.set(entry.actor, typedAt);
    if (entry.at - typedAt < OFFLINE_US) placed.push({ entry, at: entry.at, part: "whole" });
    else {
      placed.push({ entry, at: typedAt, part: "typed" }, { entry, at: entry.at, part: "arrived" });
      moved = true;
    }
  }
  return moved ? placed.sort((a, b) => a.at - b.at || a.entry.seq - b.entry.seq) : placed;
}

function typed({ at, body }: Entry, earliest: number): number {
  if (typeof body.time !== "number") return at;
  return Math.min(at, Math.max(earliest, body.time * 1000));
}
