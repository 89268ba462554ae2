// Text changes read from raw updates: splicing them together gives what Yjs has, after each edit.

import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import { DeltaReader, type Splice } from "../../src/replay/deltas";
import { spliced } from "../../src/replay/fold";
import { below, pick, seeded } from "../support/random";

const FILES = ["main.py", "b.py"];
const WORDS = ["a", "x = 1\n", "\t", "字", "😀", "hello world", "\n\n"];

/** Three documents that edit at random and hear of each other late. */
class Typists {
  readonly updates: Uint8Array[] = [];
  readonly #random: () => number;
  readonly #docs: Y.Doc[];
  readonly #unread: Uint8Array[][];

  constructor(seed: number) {
    this.#random = seeded(seed);
    this.#docs = [1, 2, 3].map((client) => {
      const doc = new Y.Doc();
      doc.clientID = seed * 10 + client;
      return doc;
    });
    this.#unread = this.#docs.map(() => []);
    for (const [index, doc] of this.#docs.entries()) {
      doc.on("update", (update: Uint8Array, origin: unknown) => {
        if (origin !== "remote") this.#published(update, index);
      });
    }
  }

  run(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      const index = below(this.#random, this.#docs.length);
      if (this.#random() < 0.3) this.#hear(index);
      else this.#edit(this.#docs[index] as Y.Doc);
    }
  }

  #published(update: Uint8Array, from: number): void {
    this.updates.push(update);
    for (const [index, queue] of this.#unread.entries()) if (index !== from) queue.push(update);
  }

  #hear(index: number): void {
    for (const update of (this.#unread[index] as Uint8Array[]).splice(0)) {
      Y.applyUpdate(this.#docs[index] as Y.Doc, update, "remote");
    }
  }

  /** Sometimes at several places of several files at once. */
  #edit(doc: Y.Doc): void {
    const count = this.#random() < 0.7 ? 1 : 1 + below(this.#random, 5);
    doc.transact(() => {
      for (let i = 0; i < count; i += 1) this.#change(doc.getText(pick(this.#random, FILES)));
    });
  }

  /** Between whole characters: half of a pair is refused by the room. */
  #change(text: Y.Text): void {
    const borders = [0];
    for (const char of text.toString()) borders.push((borders.at(-1) ?? 0) + char.length);
    const at = below(this.#random, borders.length);
    const to = Math.min(borders.length - 1, at + 1 + below(this.#random, 12));
    const [from, end] = [borders[at] ?? 0, borders[to] ?? 0];
    if (end > from && this.#random() < 0.4) text.delete(from, end - from);
    else text.insert(from, pick(this.#random, WORDS));
  }
}

function put(texts: Map<string, string>, splices: Splice[]): void {
  for (const splice of splices) texts.set(splice.file, spliced(texts.get(splice.file) ?? "", splice));
}

test.each(Array.from({ length: 25 }, (_, seed) => seed + 1))("seed %i", (seed) => {
  const typists = new Typists(seed);
  typists.run(300);
  const [reader, plain, texts] = [new DeltaReader(), new Y.Doc(), new Map<string, string>()];
  for (const update of typists.updates) {
    put(texts, reader.apply(update));
    Y.applyUpdate(plain, update);
    for (const file of FILES) expect(texts.get(file) ?? "").toBe(plain.getText(file).toString());
  }
});

describe("one edit", () => {
  function editing(): { text: Y.Text; reads: () => Splice[] } {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on("update", (update: Uint8Array) => updates.push(update));
    const reader = new DeltaReader();
    return {
      text: doc.getText("f"),
      reads: () => updates.splice(0).flatMap((update) => reader.apply(update)),
    };
  }

  test("that replaces a selection is one change", () => {
    const { text, reads } = editing();
    text.insert(0, "hello world");
    reads();
    text.doc?.transact(() => {
      text.delete(0, 5);
      text.insert(0, "bye");
    });
    expect(reads()).toEqual([{ file: "f", at: 0, remove: 5, insert: "bye" }]);
  });

  test("at two places is two changes, left to right", () => {
    const { text, reads } = editing();
    text.insert(0, "one two");
    reads();
    text.doc?.transact(() => {
      text.insert(7, "!");
      text.insert(0, "> ");
    });
    expect(reads()).toEqual([
      { file: "f", at: 0, remove: 0, insert: "> " },
      { file: "f", at: 9, remove: 0, insert: "!" },
    ]);
  });

  test("that takes away what it brought changes nothing", () => {
    const { text, reads } = editing();
    text.doc?.transact(() => {
      text.insert(0, "x");
      text.delete(0, 1);
    });
    expect(reads()).toEqual([]);
  });

  test("that came before what it stands on appears with it", () => {
    const doc = new Y.Doc();
    const updates: Uint8Array[] = [];
    doc.on("update", (update: Uint8Array) => updates.push(update));
    doc.getText("f").insert(0, "a");
    doc.getText("f").insert(1, "b");
    const reader = new DeltaReader();
    expect(reader.apply(updates[1] as Uint8Array)).toEqual([]);
    const splices = reader.apply(updates[0] as Uint8Array);
    expect(splices.reduce(spliced, "")).toBe("ab");
  });
});
