// From raw updates to plain text changes: each edit is applied once to a document, and what it did is written down.

import * as Y from "yjs";

/** One change of one file, in UTF-16 offsets. Those of one edit are applied in order, left to right. */
export interface Splice {
  file: string;
  at: number;
  remove: number;
  insert: string;
}

type RootType = Y.AbstractType<Y.YTextEvent>;

/**
 * Yjs' own delta of an event walks the whole text for each edit. Here the walk begins at the item that changed and
 * ends at a place whose offset is known, the last change of that file: for typing, a step or two.
 */
export class DeltaReader {
  readonly doc = new Y.Doc();
  readonly #places = new Map<RootType, Place>();
  #splices: Splice[] = [];

  constructor() {
    this.doc.on("afterTransaction", (transaction: Y.Transaction) => this.#read(transaction));
  }

  /** What this update changes; nothing where it waits for one that has not come yet. */
  apply(update: Uint8Array): Splice[] {
    this.#splices = [];
    Y.applyUpdate(this.doc, update);
    return this.#splices;
  }

  text(file: string): string {
    return this.doc.getText(file).toString();
  }

  /** Here, before Yjs merges and collects, each item is either new, newly deleted, or as it was. */
  #read(transaction: Y.Transaction): void {
    for (const [type, touched] of touchedBy(transaction)) {
      const place = this.#places.get(type) ?? { file: Y.findRootTypeKey(type), id: null, offset: 0 };
      this.#places.set(type, place);
      this.#splices.push(...new Stretch(transaction, touched, place).splices(place));
    }
  }
}

/** The start of an item, and its offset in the text; no item: not known yet. */
interface Place {
  file: string;
  id: Y.ID | null;
  offset: number;
}

type Touched = Map<Y.Item, "new" | "gone">;

/** What a transaction did, by the text it was done to. */
function touchedBy(transaction: Y.Transaction): Map<RootType, Touched> {
  const types = new Map<RootType, Touched>();
  const touch = (struct: Y.Item | Y.GC, how: "new" | "gone") => {
    if (!(struct instanceof Y.Item)) return;
    const type = struct.parent as RootType;
    const touched = types.get(type);
    if (touched === undefined) types.set(type, new Map([[struct, how]]));
    else if (!touched.has(struct)) touched.set(struct, how);
  };
  const { beforeState, afterState, doc, deleteSet } = transaction;
  for (const [client, after] of afterState) {
    const before = beforeState.get(client) ?? 0;
    if (before < after)
      eachSince(doc.store.clients.get(client) ?? [], before, (struct) => touch(struct, "new"));
  }
  if (deleteSet.clients.size > 0) {
    Y.iterateDeletedStructs(transaction, deleteSet, (struct) => touch(struct, "gone"));
  }
  return types;
}

function eachSince(structs: (Y.Item | Y.GC)[], clock: number, visit: (struct: Y.Item | Y.GC) => void): void {
  for (let i = structs.length - 1; i >= 0; i -= 1) {
    const struct = structs[i];
    if (struct === undefined || struct.id.clock < clock) return;
    visit(struct);
  }
}

/** The stretch of a text that holds all that was touched, and an item whose offset is known or the start. */
class Stretch {
  readonly #touched: Touched;
  readonly #known: Y.Item | null;
  readonly #items: Y.Item[];

  constructor(transaction: Y.Transaction, touched: Touched, place: Place) {
    this.#touched = touched;
    this.#known = place.id === null ? null : itemAt(transaction.doc, place.id);
    this.#items = this.#grow();
  }

  /** From left to right; the last item touched is the known place from now on. */
  splices(place: Place): Splice[] {
    const splices: Splice[] = [];
    let at = this.#start(place);
    let left = this.#touched.size;
    for (const item of this.#items) {
      const how = this.#touched.get(item);
      if (how !== undefined) {
        left -= 1;
        add(splices, { file: place.file, at, ...(how === "new" ? inserted(item) : removed(item)) });
        place.id = item.id;
        place.offset = at;
        if (left === 0) break;
      }
      at += shown(item);
    }
    return splices;
  }

  /** Left and right in turn, from any touched item. */
  #grow(): Y.Item[] {
    const [first] = this.#touched.keys();
    if (first === undefined) return [];
    const [left, right]: [Y.Item[], Y.Item[]] = [[], [first]];
    let wanted = this.#touched.size - 1;
    let anchored = first === this.#known || first.left === null;
    const take = (item: Y.Item, side: Y.Item[]) => {
      side.push(item);
      if (wanted > 0 && this.#touched.has(item)) wanted -= 1;
      anchored ||= item === this.#known || item.left === null;
    };
    let [before, after] = [first.left, first.right];
    while (wanted > 0 || !anchored) {
      if (before !== null) {
        take(before, left);
        before = before.left;
      }
      if (after !== null && (wanted > 0 || !anchored)) {
        take(after, right);
        after = after.right;
      }
    }
    return [...left.reverse(), ...right];
  }

  /** Nothing left of the stretch has changed: it begins where it began. */
  #start({ id, offset }: Place): number {
    const known = this.#known;
    if (this.#items[0]?.left === null || known === null || id === null) return 0;
    // The item may since have been joined to the one before it.
    let start = this.#wasShown(known) > 0 ? offset - (id.clock - known.id.clock) : offset;
    for (const item of this.#items) {
      if (item === known) break;
      start -= this.#wasShown(item);
    }
    return start;
  }

  /** Its length in the text as it was before. */
  #wasShown(item: Y.Item): number {
    const how = this.#touched.get(item);
    if (how === "new") return 0;
    return how === "gone" ? item.length : shown(item);
  }
}

function itemAt(doc: Y.Doc, id: Y.ID): Y.Item | null {
  const item = Y.getItem(doc.store, id);
  return item instanceof Y.Item ? item : null;
}

function shown(item: Y.Item): number {
  return item.deleted || !item.countable ? 0 : item.length;
}

function inserted(item: Y.Item): Pick<Splice, "remove" | "insert"> {
  const text = item.content instanceof Y.ContentString ? item.content.str : "";
  return { remove: 0, insert: item.deleted ? "" : text };
}

function removed(item: Y.Item): Pick<Splice, "remove" | "insert"> {
  return { remove: item.countable ? item.length : 0, insert: "" };
}

/** Neighbours become one change: what replaces a selection is one. */
function add(splices: Splice[], next: Splice): void {
  if (next.remove === 0 && next.insert === "") return;
  const last = splices.at(-1);
  if (last === undefined || last.at + last.insert.length !== next.at) splices.push(next);
  else {
    last.remove += next.remove;
    last.insert += next.insert;
  }
}
