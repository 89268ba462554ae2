// Text read from updates alone, whose document is gone.

import { expect, test } from "vitest";
import * as Y from "yjs";
import { fragmentsOf } from "../../src/room/fragments";

/** The updates that this typing makes in a document that has "shared text" already. */
function typing(type: (text: Y.Text) => void): Uint8Array[] {
  const base = new Y.Doc();
  base.getText("main.py").insert(0, "shared text");
  const doc = new Y.Doc();
  Y.applyUpdate(doc, Y.encodeStateAsUpdate(base));
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  type(doc.getText("main.py"));
  return updates;
}

test("letters typed one after the other are one piece, without those that were taken back", () => {
  const updates = typing((text) => {
    for (const [at, letter] of [..."hello!!"].entries()) text.insert(6 + at, letter);
    text.delete(12, 1);
  });
  expect(fragmentsOf(updates)).toEqual(["hello!"]);
});

test("what was put in between stands there, and another place is another piece", () => {
  const updates = typing((text) => {
    text.insert(6, "ac");
    text.insert(7, "b");
    text.insert(0, "first 😀 ");
    text.delete(12, 3);
  });
  expect(fragmentsOf(updates)).toEqual(["abc", "first 😀 "]);
});

test("taking away other people's text is no text", () => {
  expect(fragmentsOf(typing((text) => text.delete(0, 6)))).toEqual([]);
});
