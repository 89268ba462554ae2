/** The reading pane of the replay: text as it was, moved from moment to moment by the changes in between. */
import { bracketMatching } from "@codemirror/language";
import { ChangeSet, Compartment, EditorState, type Range, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  highlightSpecialChars,
  lineNumbers,
} from "@codemirror/view";
import { cells } from "./cells";
import { languageOf, lines } from "./language";
import { look } from "./look";
import { type Peer, peers, setPeers } from "./peers";

/** A change and the colour of whoever made it. */
export interface Stroke {
  at: number;
  remove: number;
  insert: string;
  colour: string;
}

export interface Scene {
  file: string;
  path: string;
  text: string;
  /** What leads here from the scene before; null where that is unknown or too much. */
  strokes: readonly Stroke[] | null;
  peers: readonly Peer[];
  /** The offset to keep in view, or null to leave the view alone. */
  reveal: number | null;
}

export interface ReaderPane {
  unmount(): void;
  show(scene: Scene): void;
}

/** Fresh text is tinted by its author's colour for a moment; more than this many stretches need no tint. */
const FRESH_MAX = 60;

const addFresh = StateEffect.define<{ from: number; to: number; colour: string }>();
const dropFresh = StateEffect.define<null>();

const fresh = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    const added: Range<Decoration>[] = [];
    for (const effect of transaction.effects) {
      if (effect.is(dropFresh)) next = Decoration.none;
      if (effect.is(addFresh) && effect.value.to > effect.value.from) added.push(tint(effect.value));
    }
    if (added.length === 0) return next;
    return (next.size > FRESH_MAX ? Decoration.none : next).update({ add: added, sort: true });
  },
  provide: (self) => EditorView.decorations.from(self),
});

function tint({ from, to, colour }: { from: number; to: number; colour: string }): Range<Decoration> {
  return Decoration.mark({ class: "fresh", attributes: { style: `--person: ${colour}` } }).range(from, to);
}

const freshTheme = EditorView.baseTheme({
  ".fresh": { animation: "fresh 1.6s ease-out forwards", borderRadius: "2px" },
});

export function mountReader(element: HTMLElement): ReaderPane {
  const language = new Compartment();
  const view = new EditorView({
    parent: element,
    state: EditorState.create({
      extensions: [
        lines,
        language.of([]),
        EditorState.readOnly.of(true),
        EditorView.editable.of(false),
        EditorView.contentAttributes.of({ tabindex: "0", "aria-label": "Text at this moment" }),
        lineNumbers(),
        highlightSpecialChars(),
        bracketMatching(),
        fresh,
        freshTheme,
        peers,
        cells(null),
        look,
      ],
    }),
  });
  let shown: { file: string; path: string } | null = null;
  return {
    unmount: () => view.destroy(),
    show(scene) {
      if (shown?.path !== scene.path)
        view.dispatch({ effects: language.reconfigure(languageOf(scene.path)) });
      if (shown?.file === scene.file && scene.strokes !== null) stroke(view, scene.strokes);
      settle(view, scene.text);
      shown = { file: scene.file, path: scene.path };
      const effects: StateEffect<unknown>[] = [setPeers.of(scene.peers)];
      if (scene.reveal !== null) effects.push(revealing(view, scene.reveal));
      view.dispatch({ effects });
    },
  };
}

/** All strokes as one change: the language is read again once, however many there were. */
function stroke(view: EditorView, strokes: readonly Stroke[]): void {
  let changes = ChangeSet.empty(view.state.doc.length);
  let marks: { from: number; to: number; colour: string }[] = [];
  for (const { at, remove, insert, colour } of strokes) {
    if (at + remove > changes.newLength) return;
    const change = ChangeSet.of({ from: at, to: at + remove, insert }, changes.newLength);
    marks = marks.map((mark) => ({
      ...mark,
      from: change.mapPos(mark.from, 1),
      to: change.mapPos(mark.to, -1),
    }));
    marks.push({ from: at, to: at + insert.length, colour });
    changes = changes.compose(change);
  }
  if (changes.empty) return;
  const effects = marks.slice(-FRESH_MAX).map((mark) => addFresh.of(mark));
  view.dispatch({ changes, effects });
}

/** After a jump: whatever differs is replaced, and what stays keeps its place on the screen. */
function settle(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  const most = Math.min(before.length, text.length);
  let from = 0;
  while (from < most && before[from] === text[from]) from += 1;
  let tail = 0;
  while (tail < most - from && before[before.length - 1 - tail] === text[text.length - 1 - tail]) tail += 1;
  view.dispatch({
    changes: { from, to: before.length - tail, insert: text.slice(from, text.length - tail) },
    effects: dropFresh.of(null),
  });
}

function revealing(view: EditorView, offset: number): StateEffect<unknown> {
  return EditorView.scrollIntoView(Math.min(offset, view.state.doc.length), { y: "nearest", yMargin: 60 });
}
