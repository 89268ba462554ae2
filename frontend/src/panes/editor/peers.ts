/** Other people in the text: a caret with a name that fades, and a tint over what they selected. */
import {
  type ChangeDesc,
  type Extension,
  type Range,
  StateEffect,
  StateField,
  type Text,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, WidgetType } from "@codemirror/view";

/** One caret, in absolute UTF-16 offsets. */
export interface Peer {
  /** Tells two carets apart, also those of one person. */
  key: string;
  name: string;
  /** A CSS colour; comes from our palette alone, never from the wire. */
  colour: string;
  anchor: number;
  head: number;
  /** Changes whenever the caret was moved by its person: the name shows again. */
  moved: number;
  /** The link of its person is down: they may be elsewhere by now. */
  away: boolean;
}

export const setPeers = StateEffect.define<readonly Peer[]>();

const field = StateField.define<{ peers: readonly Peer[]; marks: DecorationSet }>({
  create: () => ({ peers: [], marks: Decoration.none }),
  update(value, transaction) {
    const told = transaction.effects.findLast((effect) => effect.is(setPeers));
    if (told === undefined && !transaction.docChanged) return value;
    const peers = told?.value ?? value.peers.map((peer) => pushed(peer, transaction.changes));
    return { peers, marks: draw(peers, transaction.newDoc) };
  },
  provide: (self) => EditorView.decorations.from(self, (value) => value.marks),
});

/** Until the next word from its person, a caret keeps its place in the text. */
function pushed(peer: Peer, changes: ChangeDesc): Peer {
  return { ...peer, anchor: changes.mapPos(peer.anchor, 1), head: changes.mapPos(peer.head, 1) };
}

function draw(peers: readonly Peer[], doc: Text): DecorationSet {
  return Decoration.set(
    peers.flatMap((peer) => marksOf(peer, doc)),
    true,
  );
}

function marksOf(peer: Peer, doc: Text): Range<Decoration>[] {
  const head = Math.min(peer.head, doc.length);
  const anchor = Math.min(peer.anchor, doc.length);
  const caret = Decoration.widget({ widget: new Caret(peer), side: head > anchor ? -1 : 1 });
  const flag = Decoration.widget({ widget: new Flag(peer), side: 2 });
  const marks = [caret.range(head), flag.range(doc.lineAt(head).to)];
  if (head !== anchor) {
    const tint = Decoration.mark({
      class: peer.away ? "peer-range peer-away" : "peer-range",
      attributes: { style: `--person: ${peer.colour}` },
    });
    marks.push(tint.range(Math.min(head, anchor), Math.max(head, anchor)));
  }
  return marks;
}

class Caret extends WidgetType {
  readonly #peer: Peer;

  constructor(peer: Peer) {
    super();
    this.#peer = peer;
  }

  override eq(other: Caret): boolean {
    const [a, b] = [this.#peer, other.#peer];
    return a.key === b.key && a.colour === b.colour && a.away === b.away;
  }

  override toDOM(): HTMLElement {
    return drawn("peer-caret", this.#peer);
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

/** The name stands after the end of the caret's line, where it covers nobody's text. */
class Flag extends WidgetType {
  readonly #peer: Peer;

  constructor(peer: Peer) {
    super();
    this.#peer = peer;
  }

  /** For a moved caret it is drawn anew, which starts its fade again. */
  override eq(other: Flag): boolean {
    const [a, b] = [this.#peer, other.#peer];
    const same = a.key === b.key && a.moved === b.moved && a.name === b.name;
    return same && a.colour === b.colour && a.away === b.away;
  }

  override toDOM(): HTMLElement {
    const place = drawn("peer-name", this.#peer);
    const flag = document.createElement("span");
    flag.className = "peer-flag";
    // By style, so that a name is never part of the text that is copied, searched or read out.
    flag.dataset.name = this.#peer.away ? `${this.#peer.name}, away` : this.#peer.name;
    place.append(flag);
    return place;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

function drawn(look: string, peer: Peer): HTMLElement {
  const element = document.createElement("span");
  element.className = peer.away ? `${look} peer-away` : look;
  element.style.setProperty("--person", peer.colour);
  element.setAttribute("aria-hidden", "true");
  return element;
}

const theme = EditorView.baseTheme({
  ".peer-range": {
    backgroundColor: "color-mix(in srgb, var(--person) 24%, transparent)",
    borderRadius: "2px",
  },
  ".peer-caret": {
    position: "relative",
    display: "inline",
    borderLeft: "2px solid var(--person)",
    marginLeft: "-1px",
    marginRight: "-1px",
    pointerEvents: "none",
  },
  // A word joiner keeps the caret from being a place where a line may break.
  ".peer-caret::before": { content: '"\\2060"' },
  ".peer-name": { pointerEvents: "none" },
  ".peer-away": { filter: "grayscale(1)", opacity: "0.6" },
  ".peer-caret.peer-away": { borderLeftStyle: "dashed" },
  ".peer-flag::before": { content: "attr(data-name)" },
  ".peer-flag": {
    display: "inline-block",
    height: "16px",
    maxWidth: "160px",
    marginLeft: "8px",
    padding: "0 6px",
    overflow: "hidden",
    textOverflow: "ellipsis",
    borderRadius: "4px",
    verticalAlign: "text-bottom",
    backgroundColor: "var(--person)",
    color: "var(--on-person)",
    font: "600 11px/16px var(--font)",
    whiteSpace: "nowrap",
    animation: "peer-flag 2.4s ease-in forwards",
  },
});

export const peers: Extension = [field, theme];
