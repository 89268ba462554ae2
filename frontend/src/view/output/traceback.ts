/** Reads a traceback as frames: which lines belong to the room's own code, which to a library, and where each points. */

export interface Place {
  /** A file's path as the frame names it, or null for the cell that ran. */
  path: string | null;
  line: number;
}

export interface Frame {
  /** The frame's lines as they came, colours and all. */
  text: string;
  /** The first line without colours. */
  title: string;
  place: Place | null;
  library: boolean;
}

export interface Traceback {
  frames: readonly Frame[];
  /** What follows the frames: the exception's own last words. */
  last: string;
}

const ESCAPES = /\x1b\[[0-9;:?]*[ -/]*[@-~]/g;

const HEADERS: readonly { pattern: RegExp; path: (match: RegExpExecArray) => string | null }[] = [
  { pattern: /^\s*(?:Cell|Input) In ?\[\d+\], line (\d+)/, path: () => null },
  { pattern: /^\s*File "(?<path>[^"]+)", line (\d+)/, path: (match) => match.groups?.path ?? null },
  { pattern: /^\s*File (?<path>[^"\s:][^:]*?), line (\d+)/, path: (match) => match.groups?.path ?? null },
  {
    pattern: /^\s*File (?<path>[^"\s][^:]*):(\d+)(?:, in |$|\()/,
    path: (match) => match.groups?.path ?? null,
  },
];

const LIBRARY =
  /(?:^|\/)(?:site-packages|dist-packages|python3(?:\.\d+)?)\/|^<(?!ipython|console)|\/lib\/python/;

export function plain(text: string): string {
  return text.replace(ESCAPES, "");
}

/** `own` are the paths of the room's files: a frame in one of them is never folded. */
export function readTraceback(parts: readonly string[], own: ReadonlySet<string>): Traceback {
  const frames: { lines: string[]; place: Place }[] = [];
  const last: string[] = [];
  for (const line of parts.join("\n").split("\n")) {
    const place = placeOf(plain(line));
    if (place !== null) frames.push({ lines: [line], place });
    else if (frames.length > 0 && !endsFrame(line, frames[frames.length - 1]?.lines ?? [], last)) {
      frames[frames.length - 1]?.lines.push(line);
    } else if (frames.length > 0 || !isPreamble(plain(line))) last.push(line);
  }
  return { frames: frames.map(({ lines, place }) => frame(lines, place, own)), last: last.join("\n").trim() };
}

function frame(lines: readonly string[], place: Place, own: ReadonlySet<string>): Frame {
  const library = place.path !== null && !own.has(place.path) && LIBRARY.test(place.path);
  const [title = "", ...code] = lines;
  // Lines above a selection are known by number only.
  while (code[0] !== undefined && /^\s*\d*\s*$/.test(plain(code[0]))) code.shift();
  return { text: [title, ...code].join("\n").trimEnd(), title: plain(title).trim(), place, library };
}

/** A frame's source lines are indented or numbered; the first line after it that is neither ends all frames. */
function endsFrame(line: string, frameLines: readonly string[], last: readonly string[]): boolean {
  if (last.length > 0) return true;
  const text = plain(line);
  return frameLines.length > 0 && text !== "" && !/^(?:\s|-+>|\d)/.test(text);
}

/** The dashes and the headline that IPython writes above the frames say nothing new. */
function isPreamble(text: string): boolean {
  return /^-{20,}$/.test(text) || /Traceback \(most recent call last\):?$/.test(text) || text.trim() === "";
}

function placeOf(text: string): Place | null {
  for (const { pattern, path } of HEADERS) {
    const match = pattern.exec(text);
    const line = Number(match?.[match.length - 1]);
    if (match !== null && Number.isFinite(line)) return { path: path(match), line };
  }
  return null;
}
