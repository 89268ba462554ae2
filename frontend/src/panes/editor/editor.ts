/** The editor pane: CodeMirror on one shared text, with undo of one's own edits and the others' carets. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorSelection, EditorState, type Extension, Prec } from "@codemirror/state";
import {
  crosshairCursor,
  drawSelection,
  dropCursor,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
  rectangularSelection,
} from "@codemirror/view";
import { yCollab } from "y-codemirror.next";
import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { caretWatch, type Identify } from "./caret-watch";
import { cells, placeAfter, type Selected, selected } from "./cells";
import { guards } from "./guards";
import { languageOf, lines } from "./language";
import { look } from "./look";
import { peers } from "./peers";
import { undoKeys, undoManager } from "./undo";

/** More at once than the room takes: put in, or put back by undo or redo. Nothing was changed. */
export interface Refusal {
  by: "insert" | "undo";
  /** UTF-8 */
  bytes: number;
}

export interface EditorOptions {
  text: Y.Text;
  awareness: Awareness;
  path: string;
  writable: boolean;
  /** UTF-8 bytes that one edit may insert. */
  limit: number;
  /** What stands in an empty text. */
  hint: (writable: boolean) => string;
  identify: Identify;
  onCaret: (anchor: number, head: number) => void;
  onRefused: (refusal: Refusal) => void;
  /** The button of a cell was pressed; null where this person runs no code. */
  onRunCell: ((cell: Selected) => void) | null;
  /** The reader took the wheel: typed, clicked or scrolled by hand. */
  onOwnMove: () => void;
}

export interface EditorPane {
  unmount(): void;
  focus(): void;
  setWritable(writable: boolean): void;
  setPath(path: string): void;
  /** The selection; without one, the `# %%` cell or the line at the caret. */
  selected(): Selected | null;
  /** Takes the caret to the next cell or line, as after a run of this one; false where it stays. */
  moveOn(): boolean;
  goToLine(line: number): void;
  /** Keeps this person's caret in view as it moves; null lets go. */
  follow(person: string | null): void;
  openSearch(): void;
}

export function mountEditor(element: HTMLElement, options: EditorOptions): EditorPane {
  const language = new Compartment();
  const writing = new Compartment();
  let followed: string | null = null;
  const view = new EditorView({
    parent: element,
    state: EditorState.create({
      doc: options.text.toString(),
      extensions: [
        lines,
        language.of(languageOf(options.path)),
        writing.of(mode(options, options.writable)),
        guards(options.limit, (bytes) => options.onRefused({ by: "insert", bytes })),
        collaboration(options, (found) => {
          const head = found.find((peer) => peer.id === followed)?.head;
          if (head !== undefined) reveal(view, head);
        }),
        behaviour(options),
        look,
      ],
    }),
  });
  return {
    unmount: () => view.destroy(),
    focus: () => view.focus(),
    setWritable: (writable) => view.dispatch({ effects: writing.reconfigure(mode(options, writable)) }),
    setPath: (path) => view.dispatch({ effects: language.reconfigure(languageOf(path)) }),
    selected: () => selected(view.state),
    moveOn: () => {
      const at = placeAfter(view.state);
      if (at !== null) view.dispatch({ selection: EditorSelection.cursor(at), scrollIntoView: true });
      return at !== null;
    },
    goToLine: (line) => goToLine(view, line),
    follow: (person) => {
      followed = person;
    },
    openSearch: () => {
      openSearchPanel(view);
    },
  };
}

function mode({ hint }: EditorOptions, writable: boolean): Extension {
  // After the carets of others, which stand before all text.
  const empty = Prec.lowest(placeholder(hint(writable)));
  // A view that is not editable keeps the phone's keyboard down, yet can be focused and scrolled by keys.
  return writable ? empty : [empty, EditorState.readOnly.of(true), EditorView.editable.of(false)];
}

function collaboration(
  options: EditorOptions,
  onPeers: Parameters<typeof caretWatch>[0]["onPeers"],
): Extension {
  const { text, awareness, identify, onCaret, limit, onRefused } = options;
  const manager = undoManager(text);
  return [
    undoKeys(manager, limit, (bytes) => onRefused({ by: "undo", bytes })),
    yCollab(text, null, { undoManager: manager }),
    peers,
    caretWatch({ text, awareness, identify, onCaret, onPeers }),
  ];
}

/** The search panel in our words; they are short, for it must fit beside an output. */
const WORDS = {
  next: "Next",
  previous: "Previous",
  all: "All",
  "match case": "Case",
  regexp: "Regex",
  "by word": "Word",
  replace: "Replace",
  "replace all": "Replace all",
};

function behaviour({ onOwnMove, onRunCell, path }: EditorOptions): Extension {
  return [
    cells(onRunCell),
    lineNumbers(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSpecialChars(),
    drawSelection(),
    dropCursor(),
    rectangularSelection(),
    crosshairCursor(),
    indentOnInput(),
    bracketMatching(),
    closeBrackets(),
    autocompletion(),
    highlightSelectionMatches({ minSelectionLength: 2 }),
    search({ top: true }),
    EditorState.phrases.of(WORDS),
    EditorView.contentAttributes.of({ "aria-label": `Text of ${path}`, tabindex: "0" }),
    EditorView.domEventHandlers({ keydown: onOwnMove, pointerdown: onOwnMove, wheel: onOwnMove }),
    keymap.of([
      ...closeBracketsKeymap,
      ...searchKeymap,
      ...completionKeymap,
      ...defaultKeymap,
      indentWithTab,
    ]),
  ];
}

function reveal(view: EditorView, at: number): void {
  const head = Math.min(at, view.state.doc.length);
  view.dispatch({ effects: EditorView.scrollIntoView(head, { y: "nearest", yMargin: 80 }) });
}

function goToLine(view: EditorView, line: number): void {
  const target = view.state.doc.line(Math.min(Math.max(1, line), view.state.doc.lines));
  view.dispatch({
    selection: EditorSelection.cursor(target.to),
    effects: EditorView.scrollIntoView(target.from, { y: "center" }),
  });
  view.focus();
}
