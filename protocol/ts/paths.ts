// The rules for file paths, with the words that tell a user what to change.

import { PATH } from "./limits";

// Controls, halves of pairs, separators of lines, and what turns the direction of text: they make one name look like another.
const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;

/** Null where the path is good; else one sentence for the user. `taken` are the paths of the room's other files. */
export function pathProblem(path: string, taken: Iterable<string> = []): string | null {
  return shapeProblem(path) ?? (isTaken(path, taken) ? `There is already a file called ${path}.` : null);
}

/** Two paths with one key would be one file on some computer. */
export function pathKey(path: string): string {
  // Upper case first: it spells out what has no single lower-case form, such as the German sharp s.
  return path.normalize("NFC").toUpperCase().toLowerCase().normalize("NFC");
}

function isTaken(path: string, taken: Iterable<string>): boolean {
  const key = pathKey(path);
  for (const other of taken) if (pathKey(other) === key) return true;
  return false;
}

function shapeProblem(path: string): string | null {
  if (path === "") return "A file needs a name.";
  if ([...path].length > PATH) return `The name is longer than ${PATH} characters.`;
  if (path.includes("\\")) return "Use / between folders, not \\.";
  if (path.startsWith("/")) return "A file name cannot begin with /.";
  if (UNSEEN.test(path)) return "The name holds a character that cannot be seen.";
  for (const segment of path.split("/")) {
    const problem = segmentProblem(segment);
    if (problem !== null) return problem;
  }
  return null;
}

function segmentProblem(segment: string): string | null {
  if (segment === "") return "The name has an empty part: two / in a row, or one at the end.";
  if (segment === "." || segment === "..") return `A part of the name cannot be "${segment}".`;
  if (segment !== segment.trim()) return "A part of the name begins or ends with a space.";
  return null;
}
