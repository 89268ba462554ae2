// The copy of work that cannot be sent any more, because the room's document had to be made anew.

import type { FileState } from "./state";

export interface RecoveredFile {
  path: string;
  text: string;
}

export interface Recovered {
  /** ms of the client's clock. */
  at: number;
  files: readonly RecoveredFile[];
}

interface Copy extends RecoveredFile {
  file: string;
}

type TextOf = (file: string) => string;

/** The text of each living file, before the document goes. */
export function copyOf(files: readonly FileState[], textOf: TextOf): Copy[] {
  return files
    .filter(({ deleted }) => !deleted)
    .map(({ file, path }) => ({ file, path, text: textOf(file) }));
}

/** Those of them that the room has otherwise. */
export function lostOf(copies: readonly Copy[], textOf: TextOf): RecoveredFile[] {
  return copies.filter(({ file, text }) => text !== textOf(file)).map(({ path, text }) => ({ path, text }));
}
