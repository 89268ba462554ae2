// The shared text and who is where in it: a Yjs document whose local edits leave as operations.

import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from "y-protocols/awareness";
import * as Y from "yjs";
import { encodeStock } from "../../../protocol/ts/sync";

export interface DocumentEvents {
  /** A local edit, as the raw v1 update that goes into the log. */
  edited(update: Uint8Array): void;
  /** This client's presence has changed. */
  moved(): void;
}

interface AwarenessChange {
  added: number[];
  updated: number[];
  removed: number[];
}

export class RoomDocument {
  doc: Y.Doc;
  awareness: Awareness;
  readonly #events: DocumentEvents;

  constructor(events: DocumentEvents) {
    this.#events = events;
    this.doc = new Y.Doc();
    this.awareness = this.#bind();
  }

  vector(): Uint8Array {
    return Y.encodeStateVector(this.doc);
  }

  /** What we have beyond a state vector, deletions included. */
  since(vector: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, vector);
  }

  text(file: string): Y.Text {
    return this.doc.getText(file);
  }

  /** Committed edits, in the order of the log: one transaction, so that editors draw once. */
  apply(updates: readonly Uint8Array[]): void {
    if (updates.length === 0) return;
    const { doc } = this;
    const put = () => {
      for (const update of updates) Y.applyUpdate(doc, update, this);
    };
    Y.transact(doc, put, this, false);
  }

  /** A fresh document with a client id of its own; editors must bind anew. */
  replace(): void {
    const presence = this.awareness.getLocalState();
    this.destroy();
    this.doc = new Y.Doc();
    this.awareness = this.#bind();
    // The cursor is relative to a document that is gone.
    if (presence !== null) this.awareness.setLocalState({ ...presence, cursor: null });
  }

  /** Best-effort: what cannot be read is as if it had not come. */
  applyPresence(update: Uint8Array): void {
    try {
      applyAwarenessUpdate(this.awareness, update, this);
    } catch {
      this.forgetOthers();
    }
  }

  /** Our own state as a frame for the wire. */
  presence(): Uint8Array {
    const payload = encodeAwarenessUpdate(this.awareness, [this.awareness.clientID]);
    return encodeStock({ type: "awareness", payload });
  }

  /** After a return the clock must rise, or the others do not see us for half a minute. */
  refreshPresence(): void {
    this.awareness.setLocalState(this.awareness.getLocalState() ?? {});
  }

  /** Nobody can be seen while the link is down. */
  forgetOthers(): void {
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.awareness.clientID);
    removeAwarenessStates(this.awareness, others, this);
    // Else the same state, told again by the room, would count as old news.
    for (const id of others) this.awareness.meta.delete(id);
  }

  destroy(): void {
    this.awareness.destroy();
    this.doc.destroy();
  }

  #bind(): Awareness {
    this.doc.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.#events.edited(update);
    });
    const awareness = new Awareness(this.doc);
    // The server says who has gone, and keeps us in the others' view; nobody has to renew anything (W-7).
    clearInterval(awareness._checkInterval);
    awareness.on("update", ({ added, updated, removed }: AwarenessChange, origin: unknown) => {
      const own = [...added, ...updated, ...removed].includes(awareness.clientID);
      if (own && origin === "local") this.#events.moved();
    });
    return awareness;
  }
}
