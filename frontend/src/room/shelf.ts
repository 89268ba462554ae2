// Where a page's unsettled operations outlive it: the interface, which IndexedDB fills in and tests fill with a map.

import type { Pending } from "./outbox";
import type { Recovered } from "./recovered";

/** Whose work it is. Tokens are never stored. */
export interface Owner {
  room: string;
  person: string;
}

/** One page's outbox, by the name under which the server counts its operations. */
export interface StoredPage extends Owner {
  instance: string;
  /** The room's CRDT history that its edits belong to; null where it never got in. */
  lineage: string | null;
  /** No pseq above this one was ever used: whoever goes on under this name begins after it. */
  reserved: number;
  /** ms since 1970, when it was last written. */
  touchedAt: number;
}

/** Room for what was sent and not written when a page dies. */
const RESERVE = 10_000;

/** The number to write as reserved, where `last` is the highest that was used. */
export function reserve(last: number): number {
  return last + RESERVE;
}

export interface StoredOutbox extends StoredPage {
  ops: Pending[];
}

/** Every call rejects where the storage fails; what was not written then is not there. */
export interface Shelf {
  pages(owner: Owner): Promise<StoredPage[]>;
  /** In the order of their pseqs. */
  ops(instance: string): Promise<Pending[]>;
  /** All of it or nothing; resolves when it is written. */
  write(page: StoredPage, change: { put: readonly Pending[]; remove: readonly number[] }): Promise<void>;
  /** The page and its operations. */
  forget(instance: string): Promise<void>;
  /** Everything that was not touched since. */
  sweep(before: number): Promise<void>;
  copy(owner: Owner): Promise<Recovered | null>;
  keepCopy(owner: Owner, copy: Recovered | null): Promise<void>;
}
