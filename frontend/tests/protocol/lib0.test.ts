// The varint module against bytes that lib0 itself wrote.

import { expect, test } from "vitest";
import { ProtocolError } from "../../../protocol/ts/errors";
import { Reader, Writer } from "../../../protocol/ts/varint";
import { bytesOf, hexOf, type Refused, vectors } from "./vectors";

interface Lib0 {
  uint: { value: number; hex: string }[];
  text: { value: string; hex: string }[];
  bytes: { value: string; hex: string }[];
  refused_uint: Refused[];
  refused_text: Refused[];
}

const lib0 = vectors<Lib0>("lib0");

/** Reads one thing that must fill the bytes. */
function whole<T>(hex: string, read: (from: Reader) => T): T {
  const from = new Reader(bytesOf(hex));
  const value = read(from);
  from.end();
  return value;
}

test.each(lib0.uint)("number $value", ({ value, hex }) => {
  expect(whole(hex, (from) => from.varUint())).toBe(value);
  expect(hexOf(new Writer().varUint(value).finish())).toBe(hex);
});

test.each(lib0.text)("text $value", ({ value, hex }) => {
  expect(whole(hex, (from) => from.varText())).toBe(value);
  expect(hexOf(new Writer().varText(value).finish())).toBe(hex);
});

test.each(lib0.bytes)("bytes $hex", ({ value, hex }) => {
  const bytes = bytesOf(value);
  expect(whole(hex, (from) => from.varBytes())).toEqual(bytes);
  expect(hexOf(new Writer().varBytes(bytes).finish())).toBe(hex);
});

test.each(lib0.refused_uint)("a number is refused: $why", ({ hex }) => {
  expect(() => whole(hex, (from) => from.varUint())).toThrow(ProtocolError);
});

test.each(lib0.refused_text)("text is refused: $why", ({ hex }) => {
  expect(() => whole(hex, (from) => from.varText())).toThrow(ProtocolError);
});

test("half a surrogate pair is never written", () => {
  expect(() => new Writer().varText("a\ud83d")).toThrow(ProtocolError);
});
