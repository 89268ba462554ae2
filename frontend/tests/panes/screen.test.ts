/** Terminal text becomes lines as a terminal would show them, however it is cut into pieces. */
import { describe, expect, test } from "vitest";
import { paint } from "../../src/panes/text/look";
import { Screen } from "../../src/panes/text/screen";

function shown(...chunks: string[]): string[] {
  const screen = new Screen();
  for (const chunk of chunks) screen.write(chunk);
  return screen.lines.map((line) => line.map(({ text }) => text).join(""));
}

function looks(text: string): string[][] {
  const screen = new Screen();
  screen.write(text);
  return (screen.lines[0] ?? []).map(({ text: part, look }) => [part, look.colour ?? look.classes]);
}

describe("lines", () => {
  test("a carriage return overwrites, and what was longer stays", () => {
    expect(shown("100 %\r50")).toEqual(["500 %"]);
  });

  test("a progress bar that erases its line leaves its last state", () => {
    expect(shown("10%\r\x1b[K20%\r\x1b[K30%\n")).toEqual(["30%", ""]);
  });

  test("nested bars move up and come back", () => {
    expect(shown("a\nb\n\x1b[2AA\n\x1b[1BC")).toEqual(["A", "b", "C"]);
  });

  test("a backspace goes back, and stops at the start of the line", () => {
    expect(shown("ab\b\b\bc")).toEqual(["cb"]);
  });

  test("a very long line is broken", () => {
    expect(shown("x".repeat(4500)).map((line) => line.length)).toEqual([2000, 2000, 500]);
  });

  test("links and titles that terminals know leave their text alone", () => {
    expect(shown("\x1b]8;;http://x.test\x07link\x1b]8;;\x07 \x1b]0;title\x1b\\end")).toEqual(["link end"]);
  });

  test("every cut of the same text shows the same", () => {
    const text = "a\x1b[31mred\x1b[0m\r\nb\x1b[1;38;5;28mgreen\x1b[0m\rB\n\x1b[Kc";
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(shown(text.slice(0, cut), text.slice(cut))).toEqual(shown(text));
    }
  });

  test("only lines that changed are dirty", () => {
    const screen = new Screen();
    screen.write("a\nb\n");
    screen.clean();
    screen.write("c");
    expect(screen.dirtyFrom).toBe(2);
  });
});

describe("true colours", () => {
  test("are kept readable on the theme's ground, and as they are on a ground of their own", () => {
    expect(paint({ classes: "", colour: "#ffff00" })).toEqual({
      colour: "light-dark(oklch(from #ffff00 min(l, 0.52) c h), oklch(from #ffff00 max(l, 0.74) c h))",
    });
    expect(paint({ classes: "", colour: "#ffff00", ground: "#000000" })).toEqual({
      colour: "#ffff00",
      ground: "#000000",
    });
  });

  test("of a ground alone make its letters black or white", () => {
    expect(paint({ classes: "", ground: "#ffff00" }).colour).toBe("#000");
    expect(paint({ classes: "t-f3", ground: "#000087" }).colour).toBe("#fff");
    expect(paint({ classes: "t-f3" })).toEqual({});
  });
});

describe("looks", () => {
  test("named colours are classes, others are colours", () => {
    expect(looks("\x1b[31ma\x1b[38;5;196mb\x1b[38;2;1;2;3mc\x1b[0md")).toEqual([
      ["a", "t-f1"],
      ["b", "#ff0000"],
      ["c", "#010203"],
      ["d", ""],
    ]);
  });

  test("bright, bold and reset of one property", () => {
    expect(looks("\x1b[1;91ma\x1b[22mb\x1b[39mc")).toEqual([
      ["a", "t-bold t-f9"],
      ["b", "t-f9"],
      ["c", ""],
    ]);
  });

  test("colons part a code from what belongs to it", () => {
    expect(looks("\x1b[38:5:196ma\x1b[38:2::1:2:3mb\x1b[38:2:1:2:3mc\x1b[0;4:3md\x1b[4:0me")).toEqual([
      ["a", "#ff0000"],
      ["bc", "#010203"],
      ["d", "t-underline"],
      ["e", ""],
    ]);
  });

  test("neighbours of one look are one stretch", () => {
    expect(looks("\x1b[31ma\x1b[31mb")).toEqual([["ab", "t-f1"]]);
  });

  test("numbers out of range are no colour", () => {
    expect(looks("\x1b[38;5;999ma")).toEqual([["a", ""]]);
  });
});
