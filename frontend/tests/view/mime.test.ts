/** Of the forms that an output offers, the one that is shown. */
import { expect, test } from "vitest";
import { choose } from "../../src/view/output/mime";

test("a picture comes before its description", () => {
  expect(choose({ "image/png": "iVBO\nRw==", "text/plain": "<Figure>" })).toEqual({
    form: "image",
    source: "data:image/png;base64,iVBORw==",
    alt: "<Figure>",
  });
});

test("what is not base64 is no picture", () => {
  expect(choose({ "image/png": '"><script>', "text/plain": "words" })).toEqual({
    form: "text",
    text: "words",
  });
});

test("an SVG becomes the source of an image, never markup of the page", () => {
  const shown = choose({ "image/svg+xml": "<svg><script>alert(1)</script></svg>" });
  expect(shown).toMatchObject({ form: "image" });
  expect(shown.form === "image" && shown.source).not.toContain("<");
});

test("HTML with scripts is known as such", () => {
  expect(choose({ "text/html": "<b>x</b>", "text/plain": "x" })).toMatchObject({
    form: "html",
    scripted: false,
  });
  expect(choose({ "text/html": "<SCRIPT>x</SCRIPT>" })).toMatchObject({ scripted: true });
});

test("JSON is a value, LaTeX and lists of lines are text", () => {
  expect(choose({ "application/json": { a: 1 } })).toEqual({ form: "json", value: { a: 1 } });
  expect(choose({ "text/latex": "$x$", "text/plain": "x" })).toEqual({ form: "text", text: "$x$" });
  expect(choose({ "text/plain": ["a\n", "b"] })).toEqual({ form: "text", text: "a\nb" });
});

test("sound and video are told of in words", () => {
  expect(choose({ "text/html": '<audio controls src="data:x">', "text/plain": "A tone" })).toMatchObject({
    form: "text",
    text: "A tone",
    note: expect.stringContaining("not played"),
  });
  expect(choose({ "video/mp4": "AAAA", "text/plain": "A film" })).toEqual({ form: "text", text: "A film" });
});

test("a form that nobody knows is named", () => {
  expect(choose({ "application/x-odd": "1" })).toMatchObject({
    text: expect.stringContaining("application/x-odd"),
  });
});
