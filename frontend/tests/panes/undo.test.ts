/** How much text an undo or redo would put back, against what it then does put back. */
import { expect, test } from "vitest";
import * as Y from "yjs";
import { putsBack, undoManager, type Way } from "../../src/panes/editor/undo";

interface Person {
  text: Y.Text;
  manager: Y.UndoManager;
}

function person(): Person {
  const text = new Y.Doc().getText("main.py");
  const manager = undoManager(text);
  manager.captureTimeout = 0;
  return { text, manager };
}

function tell(from: Person, to: Person): void {
  if (from.text.doc && to.text.doc) Y.applyUpdate(to.text.doc, Y.encodeStateAsUpdate(from.text.doc), "room");
}

/** UTF-8 bytes that one step did insert. */
function inserted({ text, manager }: Person, way: Way): number {
  let bytes = 0;
  const count = ({ delta }: Y.YTextEvent) => {
    for (const { insert } of delta)
      if (typeof insert === "string") bytes += new TextEncoder().encode(insert).length;
  };
  text.observe(count);
  manager[way]();
  text.unobserve(count);
  return bytes;
}

test("without a step nothing comes back", () => {
  const { manager } = person();
  expect([putsBack(manager, "undo"), putsBack(manager, "redo")]).toEqual([0, 0]);
});

test("undoing a deletion puts back what was deleted, in bytes", () => {
  const ada = person();
  ada.text.insert(0, "né 😀 fin");
  ada.text.delete(1, 4);
  expect(putsBack(ada.manager, "undo")).toBe(7);
  expect(inserted(ada, "undo")).toBe(7);
});

test("undoing an insertion puts nothing back, redoing it does", () => {
  const ada = person();
  ada.text.insert(0, "x".repeat(300));
  expect(putsBack(ada.manager, "undo")).toBe(0);
  ada.manager.undo();
  expect(putsBack(ada.manager, "redo")).toBe(300);
  expect(inserted(ada, "redo")).toBe(300);
});

test("what came and went within one step is not counted", () => {
  const ada = person();
  ada.text.doc?.transact(() => {
    ada.text.insert(0, "gone again");
    ada.text.delete(0, 10);
    ada.text.insert(0, "stays");
  }, null);
  expect(putsBack(ada.manager, "undo")).toBe(0);
});

test("a deletion across two people's text counts only what this step deleted", () => {
  const [ada, bob] = [person(), person()];
  ada.text.insert(0, "0123456789");
  tell(ada, bob);
  bob.text.insert(5, "BOB");
  tell(bob, ada);
  ada.text.delete(3, 7);
  expect(putsBack(ada.manager, "undo")).toBe(7);
  expect(inserted(ada, "undo")).toBe(7);
  expect(ada.text.toString()).toBe("01234BOB56789");
});

test("a step undone and done again and undone counts the same each time", () => {
  const ada = person();
  ada.text.insert(0, "abc".repeat(100));
  ada.text.delete(0, 150);
  for (let round = 0; round < 3; round += 1) {
    expect(putsBack(ada.manager, "undo")).toBe(150);
    ada.manager.undo();
    expect(putsBack(ada.manager, "redo")).toBe(0);
    ada.manager.redo();
  }
});
