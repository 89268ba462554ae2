/** Which file and lines a run was, in words, and where a traceback's place is in the room's files. */
import type { FileState, RunState } from "../../room/state";
import type { Place } from "./traceback";

export function whatRan(run: RunState, files: readonly FileState[]): string {
  if (run.console) return `>>> ${firstWords(run.code ?? "")}`;
  const path = run.path ?? files.find((file) => file.file === run.file)?.path;
  if (run.firstLine === undefined) return path ?? firstWords(run.code ?? "some code");
  const last = run.firstLine + (run.code?.trimEnd().split("\n").length ?? 1) - 1;
  const lines = last > run.firstLine ? `lines ${run.firstLine}–${last}` : `line ${run.firstLine}`;
  return path === undefined ? lines : `${path}, ${lines}`;
}

function firstWords(code: string): string {
  const line = code.trim().split("\n")[0] ?? "";
  return line.length > 40 ? `${line.slice(0, 40)}…` : line;
}

/** A place as a file of the room and a line in it; null for what lies outside. */
export function placeIn(
  run: RunState,
  files: readonly FileState[],
  place: Place,
): { file: string; line: number } | null {
  const living = files.filter((file) => !file.deleted);
  if (place.path === null) {
    const own = living.find((file) => file.file === run.file);
    return own ? { file: own.file, line: place.line + (run.firstLine ?? 1) - 1 } : null;
  }
  const { path } = place;
  const found = living.find((file) => file.path === path || path.endsWith(`/${file.path}`));
  return found ? { file: found.file, line: place.line } : null;
}

/** Where what ran stands now, to go to; null where its file is gone or it never had one. */
export function placeOf(run: RunState, files: readonly FileState[]): { file: string; line: number } | null {
  const found = files.find((file) => file.file === run.file && !file.deleted);
  return found === undefined ? null : { file: found.file, line: run.firstLine ?? 1 };
}
