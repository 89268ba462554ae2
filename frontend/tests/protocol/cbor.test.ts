// Canonical CBOR against the shared vectors.

import { expect, test } from "vitest";
import { type Cbor, decode, encode } from "../../../protocol/ts/cbor";
import { ProtocolError } from "../../../protocol/ts/errors";
import { bytesOf, fromJson, hexOf, type Refused, vectors } from "./vectors";

interface Vectors {
  values: { value: unknown; hex: string }[];
  decode_only: { value: unknown; hex: string; why: string }[];
  refused: Refused[];
}

const cbor = vectors<Vectors>("cbor");

test.each(cbor.values)("value $hex", ({ value, hex }) => {
  const wanted = fromJson(value);
  if (wanted === undefined) {
    expect(decode(bytesOf(hex))).toBe(Number((value as { $int: string }).$int));
  } else {
    expect(decode(bytesOf(hex))).toEqual(wanted);
    expect(hexOf(encode(wanted))).toBe(hex);
  }
});

test.each(cbor.decode_only)("accepted: $why", ({ value, hex }) => {
  expect(Number(decode(bytesOf(hex))) + 0).toBe(value);
});

test.each(cbor.refused)("refused: $why", ({ hex }) => {
  expect(() => decode(bytesOf(hex))).toThrow(ProtocolError);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, "\ud800"])("%s is never written", (value) => {
  expect(() => encode(value)).toThrow(ProtocolError);
});

test("what is nested too deep is never written", () => {
  let value: Cbor = [];
  for (let depth = 1; depth < 34; depth += 1) value = [value];
  expect(() => encode(value)).toThrow(ProtocolError);
});

test("a key called __proto__ is a key", () => {
  const bytes = encode(JSON.parse('{"__proto__": 1}'));
  const value = decode(bytes);
  expect(Object.keys(value as object)).toEqual(["__proto__"]);
  expect(encode(value)).toEqual(bytes);
});
