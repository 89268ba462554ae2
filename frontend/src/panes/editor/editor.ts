/** The editor pane: CodeMirror on one shared text, with undo of one's own edits and the others' carets. */
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput } from "@codemirror/language";
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
import { caretWatch, type Identify, identifyAgain } from "./caret-watch";
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
  /** Whether names are completed at all. */
  completion: boolean;
  /** The reader took the wheel: typed, clicked or scrolled by hand. */
  onOwnMove: () => void;
}

export interface EditorPane {
  readonly view: EditorView;
  /** Puts the editor's help in, or with [] takes it away. */
  setHelp(extension: Extension): void;
  /** What follows is one step of undo by itself. */
  apart(): void;
  unmount(): void;
  focus(): void;
  setWritable(writable: boolean): void;
  setPath(path: string): void;
  /** The selection; without one, the `# %%` cell or the line at the caret. */
  selected(): Selected | null;
  /** Takes the caret to the next cell or line, as after a run of this one; false where it stays. */
  moveOn(): boolean;
  goToLine(line: number): void;
  /** The others' names, or who of them is away, may have changed. */
  peopleChanged(): void;
  /** Keeps this person's caret in view as it moves; null lets go. */
  follow(person: string | null): void;
  openSearch(): void;
}

export function mountEditor(element: HTMLElement, options: EditorOptions): EditorPane {
  const language = new Compartment();
  const writing = new Compartment();
  const help = new Compartment();
  const found = new Compartment();
  let gone = false;
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
        collaboration(options, (others) => {
          const head = others.find((peer) => peer.id === followed)?.head;
          if (head !== undefined) reveal(view, head);
        }),
        help.of([]),
        found.of([]),
        behaviour(options),
        look,
      ],
    }),
  });
  /** Search comes after the text; where it could not be fetched, the next wish for it tries again. */
  const fetchSearch = () =>
    import("./searching").then(({ searching, openSearchPanel }) => {
      if (!gone && found.get(view.state) !== searching)
        view.dispatch({ effects: found.reconfigure(searching) });
      return () => void (gone || openSearchPanel(view));
    });
  fetchSearch().catch(() => {});
  return {
    view,
    setHelp: (extension) => view.dispatch({ effects: help.reconfigure(extension) }),
    apart: () => undoManager(options.text).stopCapturing(),
    unmount: () => {
      gone = true;
      view.destroy();
    },
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
    peopleChanged: () => view.dispatch({ effects: identifyAgain.of(null) }),
    follow: (person) => {
      followed = person;
    },
    openSearch: () =>
      void fetchSearch()
        .then((open) => open())
        .catch(() => {}),
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

function behaviour({ onOwnMove, onRunCell, path, completion }: EditorOptions): Extension {
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
    completion ? autocompletion() : [],
    EditorView.contentAttributes.of({ "aria-label": `Text of ${path}`, tabindex: "0" }),
    EditorView.domEventHandlers({ keydown: onOwnMove, pointerdown: onOwnMove, wheel: onOwnMove }),
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, indentWithTab]),
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
