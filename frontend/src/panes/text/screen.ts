/** Terminal text as lines: colours, carriage returns, backspaces and the few cursor moves that progress bars use. */
import { Brush, type Look, PLAIN } from "./look";

export interface Stretch {
  text: string;
  look: Look;
}

export type Line = readonly Stretch[];

/** A longer line is broken: one line of some megabytes would stop any browser. */
const WIDTH = 2000;
/** An escape sequence that is longer than this is no escape sequence. */
const ESCAPE_MAX = 256;

const CONTROL = /[\n\r\b\x07\x1b\x9b\x00-\x08\x0b-\x1f]/g;

export class Screen {
  #lines: Stretch[][] = [[]];
  #row = 0;
  #column = 0;
  #brush = new Brush();
  /** An escape sequence whose end has not come yet. */
  #tail = "";
  /** The first line that changed since `clean` was called. */
  dirtyFrom = 0;

  get lines(): readonly Line[] {
    return this.#lines;
  }

  clean(): void {
    this.dirtyFrom = this.#lines.length;
  }

  write(chunk: string): void {
    const text = this.#tail + chunk;
    this.#tail = "";
    let at = 0;
    while (at < text.length) {
      CONTROL.lastIndex = at;
      const control = CONTROL.exec(text);
      const end = control?.index ?? text.length;
      if (end > at) this.#put(text.slice(at, end));
      if (control === null) return;
      const used = this.#control(text, end);
      if (used === 0) {
        this.#tail = text.slice(end);
        return;
      }
      at = end + used;
    }
  }

  /** Answers how many characters the control took; 0 when its end is still to come. */
  #control(text: string, at: number): number {
    const char = text[at];
    if (char === "\n") this.#newLine();
    else if (char === "\r") this.#column = 0;
    else if (char === "\b") this.#column = Math.max(0, this.#column - 1);
    else if (char === "\x1b") return this.#escape(text, at);
    return 1;
  }

  #escape(text: string, at: number): number {
    const rest = text.slice(at, at + ESCAPE_MAX);
    const csi = /^\x1b\[([0-9;:?]*)([ -/]*)([@-~])/.exec(rest);
    if (csi) {
      this.#sequence(csi[3] ?? "", csi[1] ?? "");
      return csi[0].length;
    }
    const osc = /^\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)/.exec(rest);
    if (osc) return osc[0].length;
    const unfinished = rest.length < ESCAPE_MAX && /^\x1b(?:$|\[[0-9;:? -/]*$|\][^\x07]*$)/.test(rest);
    return unfinished ? 0 : 1;
  }

  #sequence(final: string, parameters: string): void {
    const count = Math.max(1, Number.parseInt(parameters, 10) || 1);
    if (final === "m") this.#brush.apply(parameters);
    else if (final === "K") this.#erase(Number.parseInt(parameters, 10) || 0);
    else if (final === "A") this.#row = Math.max(0, this.#row - count);
    else if (final === "B") this.#row = Math.min(this.#lines.length - 1, this.#row + count);
    else if (final === "C") this.#column = Math.min(WIDTH, this.#column + count);
    else if (final === "D") this.#column = Math.max(0, this.#column - count);
    else if (final === "G") this.#column = Math.min(WIDTH, count - 1);
  }

  #newLine(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push([]);
    this.#touch();
  }

  #touch(): void {
    this.dirtyFrom = Math.min(this.dirtyFrom, this.#row);
  }

  #put(text: string): void {
    let rest = text;
    while (rest !== "") {
      if (this.#column >= WIDTH) this.#newLine();
      const part = rest.slice(0, WIDTH - this.#column);
      this.#lines[this.#row] = overwrite(this.#lines[this.#row] ?? [], this.#column, part, this.#brush.look);
      this.#column += part.length;
      rest = rest.slice(part.length);
      this.#touch();
    }
  }

  #erase(what: number): void {
    const line = this.#lines[this.#row] ?? [];
    if (what === 0) this.#lines[this.#row] = take(line, this.#column);
    else if (what === 2) this.#lines[this.#row] = [];
    else if (what === 1) this.#lines[this.#row] = overwrite(line, 0, " ".repeat(this.#column), PLAIN);
    this.#touch();
  }
}

function overwrite(line: Stretch[], column: number, text: string, look: Look): Stretch[] {
  const length = line.reduce((sum, stretch) => sum + stretch.text.length, 0);
  const left = column === length ? line : take(line, column);
  if (column > length) left.push({ text: " ".repeat(column - length), look: PLAIN });
  const right = column + text.length < length ? drop(line, column + text.length) : [];
  return join([...left, { text, look }, ...right]);
}

function take(line: readonly Stretch[], count: number): Stretch[] {
  const found: Stretch[] = [];
  let left = count;
  for (const { text, look } of line) {
    if (left <= 0) break;
    found.push({ text: text.slice(0, left), look });
    left -= text.length;
  }
  return found;
}

function drop(line: readonly Stretch[], count: number): Stretch[] {
  const found: Stretch[] = [];
  let left = count;
  for (const { text, look } of line) {
    if (left < text.length) found.push({ text: text.slice(Math.max(0, left)), look });
    left -= text.length;
  }
  return found;
}

function join(line: readonly Stretch[]): Stretch[] {
  const found: Stretch[] = [];
  for (const stretch of line) {
    const last = found[found.length - 1];
    if (last !== undefined && last.look === stretch.look) last.text += stretch.text;
    else found.push({ ...stretch });
  }
  return found;
}
