/** Tracebacks as IPython and Python write them, read as frames of the room and of libraries. */
import { expect, test } from "vitest";
import { readTraceback } from "../../src/view/output/traceback";

const OWN = new Set(["main.py", "lib/words.py"]);

const IPYTHON = [
  "\x1b[31m---------------------------------------------------------------------------\x1b[39m",
  "\x1b[31mJSONDecodeError\x1b[39m                           Traceback (most recent call last)",
  "\x1b[36mFile \x1b[39m\x1b[32mmain.py, line 16\x1b[39m\n\x1b[32m     14\x1b[39m name = 1\n\x1b[32m---> \x1b[39m\x1b[32m16\x1b[39m json.loads(x)\n",
  "\x1b[36mFile \x1b[39m\x1b[32m/usr/lib/python3.11/json/__init__.py:346\x1b[39m, in \x1b[36mloads\x1b[39m(s)\n    345 x\n--> 346 return y",
  "\x1b[36mFile \x1b[39m\x1b[32m/usr/lib/python3.11/json/decoder.py:337\x1b[39m, in \x1b[36mdecode\x1b[39m(s)\n--> 337 z",
  "\x1b[31mJSONDecodeError\x1b[39m: Expecting property name",
];

test("frames, their places, and which belong to libraries", () => {
  const { frames } = readTraceback(IPYTHON, OWN);
  expect(frames.map(({ place, library }) => [place?.path, place?.line, library])).toEqual([
    ["main.py", 16, false],
    ["/usr/lib/python3.11/json/__init__.py", 346, true],
    ["/usr/lib/python3.11/json/decoder.py", 337, true],
  ]);
});

test("the exception's last words are no part of a frame", () => {
  const { frames, last } = readTraceback(IPYTHON, OWN);
  expect(last).toContain("Expecting property name");
  expect(frames.at(-1)?.text).not.toContain("Expecting");
});

test("a cell without a file points to its own line", () => {
  const { frames } = readTraceback(["Cell In[3], line 2, in f()\n----> 2 1/0"], OWN);
  expect(frames[0]?.place).toEqual({ path: null, line: 2 });
});

test("a syntax error in Python's own words", () => {
  const { frames } = readTraceback(
    ['  File "main.py", line 3\n    print(\n         ^\n', "SyntaxError: x"],
    OWN,
  );
  expect(frames[0]).toMatchObject({ place: { path: "main.py", line: 3 }, library: false });
});

test("site-packages and frozen modules are libraries; a room's file never is", () => {
  const parts = [
    "File /env/lib/python3.13/site-packages/pandas/x.py:1, in f()\n----> 1 a",
    "File <frozen importlib._bootstrap>:1387, in _find()\n----> 1 b",
    "File lib/words.py, line 4, in top()\n----> 4 c",
  ];
  expect(readTraceback(parts, OWN).frames.map(({ library }) => library)).toEqual([true, true, false]);
});

test("lines known by number only are left out", () => {
  const { frames } = readTraceback(["File selection.py, line 7\n      5 \n      6 \n----> 7 boom"], OWN);
  expect(frames[0]?.text).toBe("File selection.py, line 7\n----> 7 boom");
});

test("something that is no traceback has no frames and keeps its words", () => {
  expect(readTraceback(["just words"], OWN)).toEqual({ frames: [], last: "just words" });
});
