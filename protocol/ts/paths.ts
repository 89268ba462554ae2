// The rules for file paths, with the words that tell a user what to change.

/** UTF-16 code units. */
export const MAX_PATH = 200;

/** Null where the path is good; else one sentence for the user. `taken` are the paths of the room's other files. */
export function pathProblem(path: string, taken: Iterable<string> = []): string | null {
  return shapeProblem(path) ?? (isTaken(path, taken) ? `There is already a file called ${path}.` : null);
}

function shapeProblem(path: string): string | null {
  if (path === "") return "Give the file a name.";
  if (path.length > MAX_PATH) return `A name can have at most ${MAX_PATH} characters.`;
  if (/\p{Surrogate}/u.test(path) || /\p{Cc}/u.test(path))
    return "The name holds a character that cannot be shown.";
  if (path.includes("\\")) return "Use / between folders, not \\.";
  if (path.startsWith("/")) return "The name must not begin with /.";
  return segmentProblem(path.split("/"));
}

function segmentProblem(segments: string[]): string | null {
  if (segments.includes("..") || segments.includes("."))
    return "The name must not contain . or .. as a folder.";
  if (segments.includes("")) return "A folder in the name is empty.";
  return null;
}

/** Two names that differ in case only would be one file on many machines. */
function isTaken(path: string, taken: Iterable<string>): boolean {
  const folded = path.toLowerCase();
  for (const other of taken) if (other.toLowerCase() === folded) return true;
  return false;
}
