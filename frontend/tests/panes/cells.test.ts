import { EditorSelection, EditorState } from "@codemirror/state";
import { describe, expect, test } from "vitest";
import { placeAfter, selected } from "../../src/panes/editor/cells";

/** `|` is the caret; two of them hold a selection. */
function state(marked: string): EditorState {
  const places = [...marked.matchAll(/\|/g)].map((match, before) => match.index - before);
  const [anchor = 0, head = anchor] = places;
  return EditorState.create({
    doc: marked.replaceAll("|", ""),
    selection: EditorSelection.single(anchor, head),
  });
}

const lineAfter = (of: EditorState) => {
  const at = placeAfter(of);
  return at === null ? null : of.doc.lineAt(at).number;
};

describe("without a selection", () => {
  const doc = "a = 1\n\n# %% Load\n\nb = 2\nc = 3\n\n# %%\nd = 4";

  test.each([
    ["before the first head", `|${doc}`, { code: "a = 1", firstLine: 1, lastLine: 1 }, 4],
    ["on a head", doc.replace("# %% L", "# %%| L"), { code: "b = 2\nc = 3", firstLine: 5, lastLine: 6 }, 9],
    ["inside", doc.replace("c = 3", "c =| 3"), { code: "b = 2\nc = 3", firstLine: 5, lastLine: 6 }, 9],
    ["in the last", `${doc}|`, { code: "d = 4", firstLine: 9, lastLine: 9 }, null],
  ])("a cell runs: the caret %s", (_, marked, what, next) => {
    expect(selected(state(marked))).toEqual(what);
    expect(lineAfter(state(marked))).toBe(next);
  });

  test("a cell without code runs nothing, and the next is gone to", () => {
    const empty = state("# %%|\n\n# %% b\nx");
    expect(selected(empty)).toBeNull();
    expect(lineAfter(empty)).toBe(4);
  });

  test("a line runs where there are no cells; an indented `# %%` is a remark", () => {
    const plain = state("def f():\n    # %% no\n    pass\nf|()\nf()");
    expect(selected(plain)).toEqual({ code: "f()", firstLine: 4, lastLine: 4 });
    expect(lineAfter(plain)).toBe(5);
  });
});

describe("a selection", () => {
  test("inside a line runs as it is, and the caret stays", () => {
    const part = state("x = |1 + 1|\ny");
    expect(selected(part)).toEqual({ code: "1 + 1", firstLine: 1, lastLine: 1 });
    expect(lineAfter(part)).toBeNull();
  });

  test("of lines keeps the indent of the first, and does not count the line it only touches", () => {
    expect(selected(state("if x:\n  |  a\n    b\n|c"))).toEqual({
      code: "    a\n    b\n",
      firstLine: 2,
      lastLine: 3,
    });
  });

  test("of nothing but space runs nothing", () => {
    expect(selected(state("a|\n\n|b"))).toBeNull();
  });
});
