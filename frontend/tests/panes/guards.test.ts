/** What may enter the shared text: never half a character, never more at once than the room takes. */
import { EditorState, type TransactionSpec } from "@codemirror/state";
import { expect, test, vi } from "vitest";
import { guards } from "../../src/panes/editor/guards";
import { lines } from "../../src/panes/editor/language";

function edited(doc: string, spec: TransactionSpec, refused: (bytes: number) => void = () => {}): string {
  const state = EditorState.create({ doc, extensions: [lines, guards(1024, refused)] });
  return state.update(spec).state.doc.toString();
}

test("an ordinary edit passes as it is", () => {
  expect(edited("ab", { changes: { from: 1, insert: "x" } })).toBe("axb");
});

test("an emoji that differs in its second half is replaced whole", () => {
  const state = EditorState.create({ doc: "a😀b", extensions: [lines, guards(1024, () => {})] });
  const changes: [number, number, string][] = [];
  const { changes: made } = state.update({ changes: { from: 2, to: 3, insert: "\uDE01" } });
  made.iterChanges((from, to, _fromB, _toB, text) => changes.push([from, to, text.toString()]));
  expect(changes).toEqual([[1, 3, "😁"]]);
});

test("deleting one half takes the other along", () => {
  expect(edited("a😀b", { changes: { from: 1, to: 2 } })).toBe("ab");
});

test("a lone half that is inserted becomes a replacement mark", () => {
  expect(edited("", { changes: { from: 0, insert: "\uD83D" } })).toBe("\uFFFD");
});

test("a paste over the limit changes nothing and says its size", async () => {
  const refused = vi.fn();
  expect(edited("kept", { changes: { from: 0, to: 4, insert: "é".repeat(600) } }, refused)).toBe("kept");
  await Promise.resolve();
  expect(refused).toHaveBeenCalledWith(1200);
});

test("the limit counts bytes, and what just fits goes in", () => {
  expect(edited("", { changes: { from: 0, insert: "é".repeat(512) } })).toHaveLength(512);
});

test("a stray carriage return counts as the one character that it is", () => {
  const state = EditorState.create({ doc: "a\r\nb", extensions: lines });
  expect(state.doc.length).toBe(4);
});
