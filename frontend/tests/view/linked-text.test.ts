/** Web addresses in a message: found, and let go of where the sentence goes on. */
import { expect, test } from "vitest";
import { piecesOf } from "../../src/view/parts/linked-text";

const links = (text: string) => piecesOf(text).flatMap((piece) => ("link" in piece ? [piece.link] : []));

test.each([
  ["no address here", []],
  ["see https://example.org/a?b=c#d.", ["https://example.org/a?b=c#d"]],
  ["(http://example.org)", ["http://example.org"]],
  [
    "https://en.wikipedia.org/wiki/Set_(mathematics), or so",
    ["https://en.wikipedia.org/wiki/Set_(mathematics)"],
  ],
  ["https://a.org and https://b.org!", ["https://a.org", "https://b.org"]],
  ["javascript:alert(1) data:text/html,x ftp://x", []],
  ["https://", []],
  ["<https://a.org/x>", ["https://a.org/x"]],
])("%s", (text, expected) => {
  expect(links(text)).toEqual(expected);
});

test("nothing of the text is lost or added", () => {
  const text = 'a https://x.org/(y)… "https://z.org" b\n  https://q';
  expect(
    piecesOf(text)
      .map((piece) => ("link" in piece ? piece.link : piece.text))
      .join(""),
  ).toBe(text);
});
