/** The text pane: terminal text that stays usable at a hundred thousand lines, by drawing only what is in view. */
import { paint } from "./look";
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
  readonly #resized = new ResizeObserver(() => this.#settle());
  #screen = new Screen();
  #shown = "";
  #count = 0;
  #long = false;
  /** The reader is at the end and wants to stay there; whoever scrolls up is left alone. */
  #following = true;
  #top = 0;
  #window = { from: -1, to: -1 };

  constructor(element: HTMLElement) {
    this.#element = element;
    this.#element.classList.add("term");
    this.#body.className = "term-body";
    this.#element.append(this.#body);
    this.#element.addEventListener("scroll", this.#onScroll, { passive: true });
  }

  unmount(): void {
    this.#resized.disconnect();
    this.#element.removeEventListener("scroll", this.#onScroll);
    this.#body.remove();
  }

  show(text: string): void {
    if (!continues(this.#shown, text)) this.#reset();
    this.#screen.write(text.slice(this.#shown.length));
    this.#shown = text;
    this.#count = visibleLines(this.#screen.lines);
    if (this.#count > SHORT) this.#showLong();
    else this.#showShort();
    this.#screen.clean();
  }

  #reset(): void {
    this.#screen = new Screen();
    this.#shown = "";
    this.#body.replaceChildren();
    this.#body.style.cssText = "";
    this.#long = false;
    this.#following = true;
    this.#resized.disconnect();
    this.#element.classList.remove("term-long");
    this.#element.removeAttribute("tabindex");
  }

  #showShort(): void {
    const { lines, dirtyFrom } = this.#screen;
    while (this.#body.childElementCount > Math.min(dirtyFrom, this.#count))
      this.#body.lastElementChild?.remove();
    for (let at = this.#body.childElementCount; at < this.#count; at += 1)
      this.#body.append(drawLine(lines[at] ?? []));
  }

  #showLong(): void {
    if (!this.#long) {
      this.#long = true;
      this.#body.replaceChildren();
      this.#element.classList.add("term-long");
      // A region that scrolls must be reachable by keys.
      this.#element.tabIndex = 0;
      // Also for a panel that is hidden while the text comes.
      this.#resized.observe(this.#element);
    }
    this.#body.style.height = `${this.#count * LINE_HEIGHT}px`;
    this.#settle();
  }

  #settle(): void {
    if (!this.#long) return;
    if (this.#following) this.#element.scrollTop = this.#element.scrollHeight;
    this.#window = { from: -1, to: -1 };
    this.#drawWindow();
  }

  readonly #onScroll = () => {
    if (!this.#long) return;
    const { scrollTop, clientHeight, scrollHeight } = this.#element;
    if (scrollTop + clientHeight > scrollHeight - LINE_HEIGHT) this.#following = true;
    else if (scrollTop < this.#top) this.#following = false;
    this.#top = scrollTop;
    this.#drawWindow();
  };

  #drawWindow(): void {
    const first = Math.floor(this.#element.scrollTop / LINE_HEIGHT);
    const last = Math.min(this.#count, first + Math.ceil(this.#element.clientHeight / LINE_HEIGHT) + 1);
    const { from, to } = this.#window;
    if (from >= 0 && first >= from && last <= to) return;
    this.#window = { from: Math.max(0, first - MARGIN), to: Math.min(this.#count, last + MARGIN) };
    this.#body.style.paddingTop = `${this.#window.from * LINE_HEIGHT}px`;
    this.#body.replaceChildren(...this.#screen.lines.slice(this.#window.from, this.#window.to).map(drawLine));
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
    const { colour, ground } = paint(look);
    if (colour !== undefined) span.style.color = colour;
    if (ground !== undefined) span.style.backgroundColor = ground;
    span.textContent = text;
    element.append(span);
  }
  // An empty line keeps its height, and its line break when it is copied.
  if (line.length === 0) element.append("\n");
  return element;
}
