/** The text pane: terminal text that stays usable at a hundred thousand lines, by drawing only what is in view. */
import { type Line, Screen } from "./screen";

export interface TextPane {
  unmount(): void;
  /** The whole text so far; when it continues what was shown, only the rest is read. */
  show(text: string): void;
}

/** px; equals the line height in output.css. */
const LINE_HEIGHT = 18;
/** Lines that are drawn whole, wrapped and without a scrollbar of their own. */
const SHORT = 400;
/** Lines drawn above and below the window. */
const MARGIN = 40;
/** How much of the old text must match for the new one to count as its continuation. */
const OVERLAP = 64;

export function mountText(element: HTMLElement): TextPane {
  const pane = new Pane(element);
  return { unmount: () => pane.unmount(), show: (text) => pane.show(text) };
}

class Pane {
  readonly #element: HTMLElement;
  readonly #body = document.createElement("div");
  #screen = new Screen();
  #shown = "";
  #long = false;
  #window = { from: -1, to: -1 };

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#element.classList.add("term");
    this.#body.className = "term-body";
    this.#element.append(this.#body);
    this.#element.addEventListener("scroll", this.#onScroll, { passive: true });
  }

  unmount(): void {
    this.#element.removeEventListener("scroll", this.#onScroll);
    this.#body.remove();
  }

  show(text: string): void {
    if (!continues(this.#shown, text)) this.#reset();
    this.#screen.write(text.slice(this.#shown.length));
    this.#shown = text;
    const count = visibleLines(this.#screen.lines);
    if (count > SHORT) this.#showLong(count);
    else this.#showShort(count);
    this.#screen.clean();
  }

  #reset(): void {
    this.#screen = new Screen();
    this.#shown = "";
    this.#body.replaceChildren();
    this.#body.style.cssText = "";
    this.#window = { from: -1, to: -1 };
    this.#long = false;
    this.#element.classList.remove("term-long");
    this.#element.removeAttribute("tabindex");
  }

  #showShort(count: number): void {
    const { lines, dirtyFrom } = this.#screen;
    while (this.#body.childElementCount > Math.min(dirtyFrom, count)) this.#body.lastElementChild?.remove();
    for (let at = this.#body.childElementCount; at < count; at += 1)
      this.#body.append(drawLine(lines[at] ?? []));
  }

  #showLong(count: number): void {
    const atEnd =
      !this.#long || this.#element.scrollTop + this.#element.clientHeight > this.#element.scrollHeight - 8;
    if (!this.#long) {
      this.#long = true;
      this.#body.replaceChildren();
      this.#element.classList.add("term-long");
      // A region that scrolls must be reachable by keys.
      this.#element.tabIndex = 0;
    }
    this.#body.style.height = `${count * LINE_HEIGHT}px`;
    if (atEnd) this.#element.scrollTop = this.#element.scrollHeight;
    this.#window = { from: -1, to: -1 };
    this.#drawWindow();
  }

  readonly #onScroll = () => {
    if (this.#long) this.#drawWindow();
  };

  #drawWindow(): void {
    const first = Math.floor(this.#element.scrollTop / LINE_HEIGHT);
    const last = first + Math.ceil(this.#element.clientHeight / LINE_HEIGHT);
    const { from, to } = this.#window;
    if (from >= 0 && first >= from && last <= to) return;
    const lines = this.#screen.lines;
    this.#window = { from: Math.max(0, first - MARGIN), to: Math.min(lines.length, last + MARGIN) };
    this.#body.style.paddingTop = `${this.#window.from * LINE_HEIGHT}px`;
    this.#body.replaceChildren(...lines.slice(this.#window.from, this.#window.to).map(drawLine));
  }
}

function continues(before: string, after: string): boolean {
  if (after.length < before.length) return false;
  const from = Math.max(0, before.length - OVERLAP);
  return after.startsWith(before.slice(from), from);
}

/** A last empty line is only where the cursor waits. */
function visibleLines(lines: readonly Line[]): number {
  const last = lines[lines.length - 1];
  return last !== undefined && last.length === 0 ? lines.length - 1 : lines.length;
}

function drawLine(line: Line): HTMLElement {
  const element = document.createElement("div");
  element.className = "term-line";
  for (const { text, look } of line) {
    if (look.classes === "" && look.colour === undefined && look.ground === undefined) {
      element.append(text);
      continue;
    }
    const span = document.createElement("span");
    span.className = look.classes;
    if (look.colour !== undefined) span.style.color = legible(look.colour);
    if (look.ground !== undefined) span.style.backgroundColor = look.ground;
    span.textContent = text;
    element.append(span);
  }
  // An empty line keeps its height, and its line break when it is copied.
  if (line.length === 0) element.append("\n");
  return element;
}

/** Colours chosen for one ground are moved towards the theme's text, so that they can be read on both. */
function legible(colour: string): string {
  return `color-mix(in oklab, ${colour} 62%, var(--text))`;
}
