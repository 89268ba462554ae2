// The shelf in IndexedDB: three stores, one transaction a call.

import type { Pending } from "./outbox";
import type { Recovered } from "./recovered";
import type { Owner, Shelf, StoredPage } from "./shelf";

const NAME = "fourhands";
const VERSION = 1;
/** Key: the instance; index `owner`: room and person. */
const PAGES = "pages";
/** Key: instance and pseq. */
const OPS = "ops";
/** Key: room and person. */
const COPIES = "copies";

interface StoredOp extends Pending {
  instance: string;
}

interface StoredCopy extends Recovered, Owner {}

/** Null where storage is blocked or broken; a browser may also take its time, or never answer. */
export function openIndexedShelf(): Promise<Shelf | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, VERSION);
      request.onupgradeneeded = () => make(request.result);
      request.onsuccess = () => resolve(new IndexedShelf(request.result));
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

function make(database: IDBDatabase): void {
  const pages = database.createObjectStore(PAGES, { keyPath: "instance" });
  pages.createIndex("owner", ["room", "person"]);
  database.createObjectStore(OPS, { keyPath: ["instance", "pseq"] });
  database.createObjectStore(COPIES, { keyPath: ["room", "person"] });
}

class IndexedShelf implements Shelf {
  readonly #database: IDBDatabase;

  constructor(database: IDBDatabase) {
    this.#database = database;
    // Another tab runs a later version of these pages: it must not wait for us.
    database.onversionchange = () => database.close();
  }

  async pages({ room, person }: Owner): Promise<StoredPage[]> {
    const pages = this.#read(PAGES).index("owner");
    return answer<StoredPage[]>(pages.getAll([room, person]));
  }

  async ops(instance: string): Promise<Pending[]> {
    const stored = await answer<StoredOp[]>(this.#read(OPS).getAll(all(instance)));
    return stored.map(({ pseq, op, madeAt }) => ({ pseq, op, madeAt }));
  }

  async write(
    page: StoredPage,
    { put, remove }: { put: readonly Pending[]; remove: readonly number[] },
  ): Promise<void> {
    const { instance } = page;
    const change = this.#change(PAGES, OPS);
    change.objectStore(PAGES).put(page);
    const ops = change.objectStore(OPS);
    for (const { pseq, op, madeAt } of put) ops.put({ instance, pseq, op, madeAt } satisfies StoredOp);
    for (const [from, to] of ranges(remove)) ops.delete(IDBKeyRange.bound([instance, from], [instance, to]));
    await done(change);
  }

  async forget(instance: string): Promise<void> {
    const change = this.#change(PAGES, OPS);
    change.objectStore(PAGES).delete(instance);
    change.objectStore(OPS).delete(all(instance));
    await done(change);
  }

  async sweep(before: number): Promise<void> {
    const pages = await answer<StoredPage[]>(this.#read(PAGES).getAll());
    for (const { instance, touchedAt } of pages) if (touchedAt < before) await this.forget(instance);
    const change = this.#change(COPIES);
    const copies = change.objectStore(COPIES);
    for (const { room, person, at } of await answer<StoredCopy[]>(copies.getAll())) {
      if (at < before) copies.delete([room, person]);
    }
    await done(change);
  }

  async copy({ room, person }: Owner): Promise<Recovered | null> {
    const found = await answer<StoredCopy | undefined>(this.#read(COPIES).get([room, person]));
    return found === undefined ? null : { at: found.at, files: found.files };
  }

  async keepCopy({ room, person }: Owner, copy: Recovered | null): Promise<void> {
    const change = this.#change(COPIES);
    const copies = change.objectStore(COPIES);
    if (copy === null) copies.delete([room, person]);
    else copies.put({ room, person, at: copy.at, files: [...copy.files] } satisfies StoredCopy);
    await done(change);
  }

  #read(store: string): IDBObjectStore {
    return this.#database.transaction(store).objectStore(store);
  }

  /** Written for a page that dies, not for a machine that loses its power: that is ten times as fast. */
  #change(...stores: string[]): IDBTransaction {
    return this.#database.transaction(stores, "readwrite", { durability: "relaxed" });
  }
}

function all(instance: string): IDBKeyRange {
  return IDBKeyRange.bound([instance, 0], [instance, Number.POSITIVE_INFINITY]);
}

/** Numbers that follow each other go in one piece. */
function ranges(numbers: readonly number[]): [from: number, to: number][] {
  const found: [number, number][] = [];
  for (const next of numbers.toSorted((a, b) => a - b)) {
    const last = found.at(-1);
    if (last !== undefined && next <= last[1] + 1) last[1] = next;
    else found.push([next, next]);
  }
  return found;
}

function answer<T>(request: IDBRequest): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result as T);
    request.onerror = () => reject(request.error);
  });
}

function done(change: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    change.oncomplete = () => resolve();
    change.onabort = () => reject(change.error);
  });
}
