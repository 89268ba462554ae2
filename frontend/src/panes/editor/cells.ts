/** `# %%` cells: where they begin and end, what of the text the run keys mean, and how cells show in the editor. */
import { type EditorState, type Extension, type Range, StateField, type Text } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  type PluginValue,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";

/** Code to run and the 1-based lines of the text that it stands on. */
export interface Selected {
  code: string;
  firstLine: number;
  lastLine: number;
}

const HEAD = /^#\s*%%/;

/** The lines on which cells begin, ascending, 1-based. */
function findHeads(doc: Text): number[] {
  const found: number[] = [];
  let number = 0;
  for (const line of doc.iterLines()) {
    number += 1;
    if (HEAD.test(line)) found.push(number);
  }
  return found;
}

const heads = StateField.define<readonly number[]>({
  create: ({ doc }) => findHeads(doc),
  update: (known, { docChanged, newDoc }) => (docChanged ? findHeads(newDoc) : known),
});

interface Cell {
  /** The `# %%` line; 0 for what stands before the first one. */
  head: number;
  last: number;
}

/** The cell that a line is in; null where the text has none. */
function cellAt(state: EditorState, line: number): Cell | null {
  const begins = state.field(heads, false) ?? findHeads(state.doc);
  if (begins.length === 0) return null;
  const next = begins.findIndex((begin) => begin > line);
  const at = next === -1 ? begins.length - 1 : next - 1;
  return { head: begins[at] ?? 0, last: next === -1 ? state.doc.lines : (begins[next] ?? 1) - 1 };
}

/** Lines without the empty ones around them; null where that leaves nothing. */
function trimmed(state: EditorState, from: number, to: number): Selected | null {
  const { doc } = state;
  let [first, last] = [from, to];
  while (first <= last && doc.line(first).text.trim() === "") first += 1;
  while (last > first && doc.line(last).text.trim() === "") last -= 1;
  if (first > last) return null;
  return { code: doc.sliceString(doc.line(first).from, doc.line(last).to), firstLine: first, lastLine: last };
}

function ofCell(state: EditorState, { head, last }: Cell): Selected | null {
  return trimmed(state, head + 1, last);
}

/** The selection; without one, the cell or, in a text without cells, the line at the caret. */
export function selected(state: EditorState): Selected | null {
  const { from, to, empty, head } = state.selection.main;
  if (!empty) return ofSelection(state, from, to);
  const line = state.doc.lineAt(head).number;
  const cell = cellAt(state, line);
  return cell === null ? trimmed(state, line, line) : ofCell(state, cell);
}

function ofSelection(state: EditorState, from: number, to: number): Selected | null {
  const [first, last] = [state.doc.lineAt(from), state.doc.lineAt(to)];
  const inside = state.sliceDoc(from, to);
  if (first.number === last.number) {
    return inside.trim() === "" ? null : { code: inside, firstLine: first.number, lastLine: first.number };
  }
  // Where only its indent is missing, the first line is taken whole, so that all lines are indented alike.
  const start = state.sliceDoc(first.from, from).trim() === "" ? first.from : from;
  const code = state.sliceDoc(start, to);
  if (code.trim() === "") return null;
  const end = to === last.from ? last.number - 1 : last.number;
  return { code, firstLine: first.number, lastLine: end };
}

/** Where the caret goes after Shift-Enter: the next cell or line; null to stay. */
export function placeAfter(state: EditorState): number | null {
  const { empty, head } = state.selection.main;
  if (!empty) return null;
  const line = state.doc.lineAt(head).number;
  const cell = cellAt(state, line);
  const next = (cell?.last ?? line) + 1;
  if (next > state.doc.lines) return null;
  // Past the `# %%` itself, where one goes on writing.
  const goal = cell !== null && next < state.doc.lines ? next + 1 : next;
  return state.doc.line(goal).from;
}

class RunCell extends WidgetType {
  constructor(
    readonly head: number,
    readonly run: (what: Selected) => void,
  ) {
    super();
  }

  override eq(other: RunCell): boolean {
    return other.head === this.head && other.run === this.run;
  }

  override toDOM(view: EditorView): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "cm-run-cell";
    button.textContent = "Run cell";
    button.title = "Runs this cell on the shared kernel; everyone sees the output";
    button.tabIndex = -1;
    // The caret and its selection stay where they are.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", () => {
      const line = view.state.doc.lineAt(view.posAtDOM(button)).number;
      const cell = cellAt(view.state, line);
      const what = cell && ofCell(view.state, cell);
      if (what) this.run(what);
    });
    return button;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const headLine = Decoration.line({ class: "cm-cell-head" });
const currentLine = Decoration.line({ class: "cm-cell-current" });

class Marks implements PluginValue {
  decorations: DecorationSet;
  readonly #run: ((what: Selected) => void) | null;

  constructor(view: EditorView, run: ((what: Selected) => void) | null) {
    this.#run = run;
    this.decorations = this.#draw(view);
  }

  update({ view, docChanged, selectionSet, viewportChanged, startState, state }: ViewUpdate): void {
    const opened = startState.readOnly !== state.readOnly;
    if (docChanged || selectionSet || viewportChanged || opened) this.decorations = this.#draw(view);
  }

  #draw({ state, viewport }: EditorView): DecorationSet {
    const begins = state.field(heads);
    if (begins.length === 0) return Decoration.none;
    const current = cellAt(state, state.doc.lineAt(state.selection.main.head).number);
    const shown: Range<Decoration>[] = [];
    for (let at = viewport.from; at <= viewport.to; ) {
      const line = state.doc.lineAt(at);
      const isHead = begins.includes(line.number);
      if (isHead) shown.push(headLine.range(line.from));
      if (current !== null && line.number >= current.head && line.number <= current.last)
        shown.push(currentLine.range(line.from));
      if (isHead && this.#run !== null && !state.readOnly)
        shown.push(
          Decoration.widget({ widget: new RunCell(line.number, this.#run), side: 1 }).range(line.to),
        );
      at = line.to + 1;
    }
    return Decoration.set(shown, true);
  }
}

const theme = EditorView.theme({
  ".cm-cell-head": { boxShadow: "inset 0 1px 0 var(--line-strong)" },
  ".cm-cell-current": { position: "relative" },
  "&.cm-focused .cm-cell-current::before": {
    content: '""',
    position: "absolute",
    inset: "0 auto 0 0",
    width: "2px",
    backgroundColor: "var(--accent)",
    opacity: "0.55",
  },
  ".cm-run-cell": {
    marginLeft: "16px",
    height: "19px",
    padding: "0 8px",
    border: "1px solid var(--line)",
    borderRadius: "var(--r-s)",
    backgroundColor: "var(--surface)",
    color: "var(--muted)",
    font: "500 12px/17px var(--font)",
    verticalAlign: "1px",
    // Beside a head that is wider than the window it stays in view.
    position: "sticky",
    right: "4px",
    cursor: "pointer",
  },
  // A finger needs more than a line is high.
  ".cm-run-cell::after": { content: '""', position: "absolute", inset: "-6px -8px" },
  ".cm-run-cell:hover": { backgroundColor: "var(--hover)", color: "var(--text)" },
});

/** Cells as they show; with `run`, each head has a button where the text may be changed. */
export function cells(run: ((what: Selected) => void) | null): Extension {
  return [
    heads,
    ViewPlugin.define((view) => new Marks(view, run), { decorations: (marks) => marks.decorations }),
    theme,
  ];
}
