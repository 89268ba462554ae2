// Who listens to a room: what changed is told once for all that belongs together, and notices as they come.

import type { Notice } from "./notice";

/** What changed; `doc` means that document and awareness are new objects: bind editors again. */
export interface Change {
  state: boolean;
  link: boolean;
  doc: boolean;
}

export class Audience {
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #noticeListeners = new Set<(notice: Notice) => void>();
  #change: Change = { state: false, link: false, doc: false };

  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onNotice(listener: (notice: Notice) => void): () => void {
    this.#noticeListeners.add(listener);
    return () => this.#noticeListeners.delete(listener);
  }

  /** To be told with the next `publish`. */
  changed(what: keyof Change): void {
    this.#change[what] = true;
  }

  /** Says nothing where nothing has changed. */
  publish(): void {
    const change = this.#change;
    if (!change.state && !change.link && !change.doc) return;
    this.#change = { state: false, link: false, doc: false };
    for (const listener of [...this.#listeners]) listener(change);
  }

  notify(notice: Notice | null): void {
    if (notice !== null) for (const listener of [...this.#noticeListeners]) listener(notice);
  }
}
