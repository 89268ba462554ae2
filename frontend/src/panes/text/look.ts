/** The look of a stretch of terminal text: what SGR escape codes ask for, as classes and colours of ours. */

export interface Look {
  classes: string;
  /** A true colour, as CSS; the sixteen named colours are classes, so that they follow the theme. */
  colour?: string;
  ground?: string;
}

interface Pen {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  struck: boolean;
  inverse: boolean;
  /** `3` for a named colour, `#aabbcc` for a true one, empty for the default. */
  colour: string;
  ground: string;
}

const BLANK: Pen = {
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  struck: false,
  inverse: false,
  colour: "",
  ground: "",
};

export const PLAIN: Look = { classes: "" };

/** The state that SGR codes change; `look` is one object per look, so that equal looks are identical. */
export class Brush {
  #pen: Pen = { ...BLANK };
  #looks = new Map<string, Look>([["", PLAIN]]);
  look: Look = PLAIN;

  apply(parameters: string): void {
    const codes = parameters === "" ? [0] : parameters.split(";").flatMap(codesOf);
    for (let at = 0; at < codes.length; at += 1) at += this.#code(codes, at);
    this.look = this.#find();
  }

  /** Answers how many codes beyond its own it used. */
  #code(codes: readonly number[], at: number): number {
    const code = codes[at] ?? 0;
    const pen = this.#pen;
    if (code === 0) this.#pen = { ...BLANK };
    else if (code === 1) pen.bold = true;
    else if (code === 2) pen.dim = true;
    else if (code === 3) pen.italic = true;
    else if (code === 4) pen.underline = true;
    else if (code === 7) pen.inverse = true;
    else if (code === 9) pen.struck = true;
    else if (code === 22) pen.bold = pen.dim = false;
    else if (code === 23) pen.italic = false;
    else if (code === 24) pen.underline = false;
    else if (code === 27) pen.inverse = false;
    else if (code === 29) pen.struck = false;
    else return this.#colourCode(codes, at);
    return 0;
  }

  #colourCode(codes: readonly number[], at: number): number {
    const code = codes[at] ?? 0;
    const side = (code >= 40 && code <= 49) || (code >= 100 && code <= 107) ? "ground" : "colour";
    const base = side === "ground" ? code - 10 : code;
    if (base >= 30 && base <= 37) this.#pen[side] = String(base - 30);
    else if (base >= 90 && base <= 97) this.#pen[side] = String(base - 82);
    else if (base === 39) this.#pen[side] = "";
    else if (base === 38 && codes[at + 1] === 5) {
      this.#pen[side] = indexed(codes[at + 2] ?? 0);
      return 2;
    } else if (base === 38 && codes[at + 1] === 2) {
      this.#pen[side] = hex(codes.slice(at + 2, at + 5));
      return 4;
    }
    return 0;
  }

  #find(): Look {
    const pen = this.#pen;
    const key = Object.values(pen).join("|");
    const kept = this.#looks.get(key);
    if (kept) return kept;
    const made = describe(pen);
    this.#looks.set(key, made);
    return made;
  }
}

/** A code with sub-parameters after colons, as the ones that stand apart: `38:2::1:2:3`, `4:3` (a wavy underline is one). */
function codesOf(part: string): number[] {
  if (!part.includes(":")) return [Number(part)];
  const [code = 0, kind = 0, ...rest] = part.split(":").map(Number);
  if (code === 4) return [kind === 0 ? 24 : 4];
  if ((code === 38 || code === 48) && kind === 5) return [code, 5, rest[0] ?? 0];
  // The name of a colour space may stand before the colour.
  if ((code === 38 || code === 48) && kind === 2) return [code, 2, ...rest.slice(rest.length > 3 ? 1 : 0)];
  return [code];
}

function describe(pen: Pen): Look {
  const [front, back] = pen.inverse
    ? [pen.ground || "inverse", pen.colour || "inverse"]
    : [pen.colour, pen.ground];
  const classes = (["bold", "dim", "italic", "underline", "struck"] as const)
    .filter((name) => pen[name])
    .map((name) => `t-${name}`);
  const look: Look = { classes: "" };
  if (front.startsWith("#")) look.colour = front;
  else if (front !== "") classes.push(`t-f${front}`);
  if (back.startsWith("#")) look.ground = back;
  else if (back !== "") classes.push(`t-b${back}`);
  look.classes = classes.join(" ");
  return look;
}

const CUBE = [0, 95, 135, 175, 215, 255];

/** The 256-colour table: sixteen named, a cube of 216, 24 greys. */
function indexed(index: number): string {
  if (!Number.isInteger(index) || index < 0 || index > 255) return "";
  if (index < 16) return String(index);
  if (index >= 232) return hex([0, 1, 2].map(() => 8 + (index - 232) * 10));
  const at = index - 16;
  return hex([Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map((step) => CUBE[step] ?? 0));
}

function hex(rgb: readonly number[]): string {
  const parts = [0, 1, 2].map((at) => Math.min(255, Math.max(0, Math.trunc(rgb[at] ?? 0) || 0)));
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/**
 * True colours as they can be read in both themes: letters on the theme's own ground are kept as dark or as light as that
 * needs; on a ground that was asked for, letters that were not asked for too are black or white.
 */
export function paint({ colour, ground }: Look): { colour?: string; ground?: string } {
  if (ground !== undefined) return { ground, colour: colour ?? (isLight(ground) ? "#000" : "#fff") };
  if (colour === undefined) return {};
  const [dark, light] = ["min(l, 0.52)", "max(l, 0.74)"].map((l) => `oklch(from ${colour} ${l} c h)`);
  return { colour: `light-dark(${dark}, ${light})` };
}

/** Whether black is easier to read on it than white (WCAG's relative luminance). */
function isLight(hexed: string): boolean {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hexed.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
}
