/** Between the room's awareness and the editor: publishes the own caret, draws everybody else's. */
import { type Extension, StateEffect } from "@codemirror/state";
import { type EditorView, type PluginValue, ViewPlugin, type ViewUpdate } from "@codemirror/view";
import type { Awareness } from "y-protocols/awareness";
import * as Y from "yjs";
import { type Peer, setPeers } from "./peers";

/** Who a client id belongs to, in words and colour; null for one that should not be drawn. */
export type Identify = (
  client: number,
  state: AwarenessState,
) => { id: string; name: string; colour: string; away: boolean } | null;

/** What is known of the people has changed. */
export const identifyAgain = StateEffect.define<null>();

export interface AwarenessState {
  user?: { id?: unknown; name?: unknown };
  cursor?: { anchor: unknown; head: unknown } | null;
  at?: { file?: unknown } | null;
}

interface WatchOptions {
  text: Y.Text;
  awareness: Awareness;
  identify: Identify;
  /** Told after every move of the own caret. */
  onCaret: (anchor: number, head: number) => void;
  /** Told whenever the others' carets were worked out anew. */
  onPeers: (peers: readonly (Peer & { id: string })[]) => void;
}

export function caretWatch(options: WatchOptions): Extension {
  return ViewPlugin.define((view) => new CaretWatch(view, options));
}

class CaretWatch implements PluginValue {
  readonly #view: EditorView;
  readonly #options: WatchOptions;
  readonly #moved = new Map<number, { from: string; at: number }>();
  #queued = false;
  #gone = false;

  constructor(view: EditorView, options: WatchOptions) {
    this.#view = view;
    this.#options = options;
    options.awareness.on("change", this.#onAwareness);
    this.#queue();
  }

  update(update: ViewUpdate): void {
    if (update.transactions.some(({ effects }) => effects.some((one) => one.is(identifyAgain))))
      this.#queue();
    if (!update.view.hasFocus || !(update.selectionSet || update.docChanged || update.focusChanged)) return;
    const { anchor, head } = update.state.selection.main;
    // Awareness may answer at once with an event, which must not fall into this update.
    queueMicrotask(() => {
      if (!this.#gone) this.#publish(anchor, head);
    });
  }

  /** Relative for whoever draws it, which stays right while others type; absolute for the log. */
  #publish(anchor: number, head: number): void {
    const { text, awareness, onCaret } = this.#options;
    const relative = (at: number) => Y.createRelativePositionFromTypeIndex(text, Math.min(at, text.length));
    awareness.setLocalStateField("cursor", { anchor: relative(anchor), head: relative(head) });
    onCaret(anchor, head);
  }

  destroy(): void {
    this.#gone = true;
    this.#options.awareness.off("change", this.#onAwareness);
  }

  readonly #onAwareness = () => this.#queue();

  /** However many states came in one frame, the carets are drawn once. */
  #queue(): void {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      if (this.#gone) return;
      const peers = this.#peers();
      this.#view.dispatch({ effects: setPeers.of(peers) });
      this.#options.onPeers(peers);
    });
  }

  #peers(): (Peer & { id: string })[] {
    const { awareness, identify } = this.#options;
    const found = [];
    for (const [client, state] of awareness.getStates() as Map<number, AwarenessState>) {
      if (client === awareness.clientID || !state.cursor) continue;
      const who = identify(client, state);
      const anchor = this.#position(state.cursor.anchor);
      const head = this.#position(state.cursor.head);
      if (who === null || anchor === null || head === null) continue;
      const moved = this.#movedAt(client, JSON.stringify(state.cursor));
      found.push({ ...who, key: String(client), anchor, head, moved });
    }
    return found;
  }

  #movedAt(client: number, cursor: string): number {
    const last = this.#moved.get(client);
    if (last?.from === cursor) return last.at;
    const at = performance.now();
    this.#moved.set(client, { from: cursor, at });
    return at;
  }

  /** A relative position from the wire, which may be anything, as an offset in this very text. */
  #position(json: unknown): number | null {
    const { text } = this.#options;
    try {
      const relative = Y.createRelativePositionFromJSON(json);
      const found = text.doc ? Y.createAbsolutePositionFromRelativePosition(relative, text.doc) : null;
      return found !== null && found.type === text ? found.index : null;
    } catch {
      return null;
    }
  }
}
