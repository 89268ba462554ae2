/** Other people in the text: a caret with a name that fades, and a tint over what they selected. */
import { type Extension, type Range, StateEffect, StateField, type Text } from "@codemirror/state";
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
}

export const setPeers = StateEffect.define<readonly Peer[]>();

const field = StateField.define<{ peers: readonly Peer[]; marks: DecorationSet }>({
  create: () => ({ peers: [], marks: Decoration.none }),
  update(value, transaction) {
    let { peers } = value;
    let changed = false;
    for (const effect of transaction.effects) {
      if (!effect.is(setPeers)) continue;
      peers = effect.value;
      changed = true;
    }
    if (changed) return { peers, marks: draw(peers, transaction.newDoc) };
    return transaction.docChanged ? { peers, marks: value.marks.map(transaction.changes) } : value;
  },
  provide: (self) => EditorView.decorations.from(self, (value) => value.marks),
});

function draw(peers: readonly Peer[], doc: Text): DecorationSet {
  const marks: Range<Decoration>[] = [];
  for (const peer of peers) {
    const head = Math.min(peer.head, doc.length);
    const anchor = Math.min(peer.anchor, doc.length);
    const style = `--person: ${peer.colour}`;
    if (head !== anchor) {
      const tint = Decoration.mark({ class: "peer-range", attributes: { style } });
      marks.push(tint.range(Math.min(head, anchor), Math.max(head, anchor)));
    }
    const below = doc.lineAt(head).number === 1;
    marks.push(
      Decoration.widget({ widget: new Caret(peer, below), side: head > anchor ? -1 : 1 }).range(head),
    );
  }
  return Decoration.set(marks, true);
}

class Caret extends WidgetType {
  readonly #peer: Peer;
  readonly #below: boolean;

  constructor(peer: Peer, below: boolean) {
    super();
    this.#peer = peer;
    this.#below = below;
  }

  /** A moved caret is drawn anew, which starts the name's fade again. */
  override eq(other: Caret): boolean {
    const [a, b] = [this.#peer, other.#peer];
    return a.key === b.key && a.moved === b.moved && a.name === b.name && a.colour === b.colour;
  }

  override toDOM(): HTMLElement {
    const caret = document.createElement("span");
    caret.className = this.#below ? "peer-caret peer-below" : "peer-caret";
    caret.style.setProperty("--person", this.#peer.colour);
    caret.setAttribute("aria-hidden", "true");
    const flag = document.createElement("span");
    flag.className = "peer-flag";
    // By style, so that a name is never part of the text that is copied, searched or read out.
    flag.dataset.name = this.#peer.name;
    caret.append(flag);
    return caret;
  }

  override ignoreEvent(): boolean {
    return true;
  }
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
  ".peer-flag::before": { content: "attr(data-name)" },
  ".peer-flag": {
    position: "absolute",
    zIndex: "20",
    bottom: "100%",
    left: "-2px",
    padding: "0 5px",
    borderRadius: "4px 4px 4px 0",
    backgroundColor: "var(--person)",
    color: "var(--on-person)",
    font: "600 11px/16px var(--font)",
    whiteSpace: "nowrap",
    pointerEvents: "none",
    animation: "peer-flag 2.4s ease-in forwards",
  },
  ".peer-below .peer-flag": { bottom: "auto", top: "100%", borderRadius: "0 4px 4px 4px" },
});

export const peers: Extension = [field, theme];
