// Canonical CBOR, the one form the log and the wire use: each value has exactly one encoding, and decoding is strict.

import { Malformed } from "./errors";
import { decodeText, encodeText, Reader, Writer } from "./varint";

export type Cbor = null | boolean | number | string | Uint8Array | Cbor[] | CborMap;
export interface CborMap {
  [key: string]: Cbor;
}

/** Containers inside containers; deeper values are refused on both sides. */
export const MAX_DEPTH = 32;

const UNSIGNED = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;
const FLOAT64 = 0xfb;
const TWO_32 = 2 ** 32;

export function encode(value: Cbor): Uint8Array {
  const out = new Writer();
  write(out, value, 0);
  return out.finish();
}

/** Decodes one value that fills the bytes to the end. */
export function decode(bytes: Uint8Array): Cbor {
  const from = new Reader(bytes);
  const value = read(from, 0);
  from.end();
  return value;
}

export function decodeMap(bytes: Uint8Array): CborMap {
  const value = decode(bytes);
  if (!isMap(value)) throw new Malformed("the value is no map");
  return value;
}

export function isMap(value: Cbor | undefined): value is CborMap {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  );
}

function write(out: Writer, value: Cbor, depth: number): void {
  if (depth > MAX_DEPTH) throw new Malformed("the value is nested too deep");
  if (value === null) out.byte(NULL);
  else if (typeof value === "boolean") out.byte(value ? TRUE : FALSE);
  else if (typeof value === "number") writeNumber(out, value);
  else if (typeof value === "string") writeSized(out, TEXT, encodeText(value));
  else if (value instanceof Uint8Array) writeSized(out, BYTES, value);
  else if (Array.isArray(value)) {
    writeHead(out, ARRAY, value.length);
    for (const item of value) write(out, item, depth + 1);
  } else writeMap(out, value, depth);
}

/** Whole numbers are integers here; JavaScript cannot tell 1.0 from 1. */
function writeNumber(out: Writer, value: number): void {
  if (Number.isSafeInteger(value)) {
    if (value >= 0) writeHead(out, UNSIGNED, value);
    else writeHead(out, NEGATIVE, -1 - value);
    return;
  }
  if (!Number.isFinite(value)) throw new Malformed("NaN and infinity have no place in the log");
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  out.byte(FLOAT64).raw(bytes);
}

function writeMap(out: Writer, value: CborMap, depth: number): void {
  const keys = Object.keys(value).map((key) => ({ key, bytes: encodeText(key) }));
  keys.sort((a, b) => compareKeys(a.bytes, b.bytes));
  writeHead(out, MAP, keys.length);
  for (const { key, bytes } of keys) {
    writeSized(out, TEXT, bytes);
    write(out, value[key] as Cbor, depth + 1);
  }
}

function writeSized(out: Writer, major: number, bytes: Uint8Array): void {
  writeHead(out, major, bytes.length);
  out.raw(bytes);
}

function writeHead(out: Writer, major: number, value: number): void {
  const top = major << 5;
  if (value < 24) out.byte(top | value);
  else if (value < 0x100) out.byte(top | 24).byte(value);
  else if (value < 0x10000)
    out
      .byte(top | 25)
      .byte(value >> 8)
      .byte(value & 0xff);
  else if (value < TWO_32) writeWord(out.byte(top | 26), value);
  else writeWord(writeWord(out.byte(top | 27), Math.floor(value / TWO_32)), value % TWO_32);
}

function writeWord(out: Writer, value: number): Writer {
  return out
    .byte((value / 0x1000000) & 0xff)
    .byte((value >> 16) & 0xff)
    .byte((value >> 8) & 0xff)
    .byte(value & 0xff);
}

function read(from: Reader, depth: number): Cbor {
  if (depth > MAX_DEPTH) throw new Malformed("the value is nested too deep");
  const head = from.byte();
  switch (head >> 5) {
    case UNSIGNED:
      return readMagnitude(from, head);
    case NEGATIVE:
      return -1 - readMagnitude(from, head);
    case BYTES:
      return from.take(readArgument(from, head));
    case TEXT:
      return decodeText(from.take(readArgument(from, head)));
    case ARRAY:
      return readArray(from, readCount(from, head), depth);
    case MAP:
      return readMap(from, readCount(from, head), depth);
    default:
      return readSimple(from, head);
  }
}

function readSimple(from: Reader, head: number): Cbor {
  if (head === FALSE) return false;
  if (head === TRUE) return true;
  if (head === NULL) return null;
  if (head !== FLOAT64) throw new Malformed("a type that canonical bodies do not have");
  const bytes = from.take(8);
  const value = new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0);
  if (!Number.isFinite(value)) throw new Malformed("NaN and infinity have no place in the log");
  return value;
}

function readArray(from: Reader, count: number, depth: number): Cbor[] {
  const items: Cbor[] = [];
  for (let i = 0; i < count; i += 1) items.push(read(from, depth + 1));
  return items;
}

function readMap(from: Reader, count: number, depth: number): CborMap {
  const entries: CborMap = {};
  let last: Uint8Array | null = null;
  for (let i = 0; i < count; i += 1) {
    const head = from.byte();
    if (head >> 5 !== TEXT) throw new Malformed("a key is no text");
    const bytes = from.take(readArgument(from, head));
    if (last !== null && compareKeys(last, bytes) >= 0) throw new Malformed("keys are out of order");
    last = bytes;
    define(entries, decodeText(bytes), read(from, depth + 1));
  }
  return entries;
}

/** Assigning to `__proto__` would set the prototype, not a key. */
function define(entries: CborMap, key: string, value: Cbor): void {
  if (key !== "__proto__") entries[key] = value;
  else Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true });
}

/** No value is shorter than a byte: a count beyond what is left is a lie. */
function readCount(from: Reader, head: number): number {
  const count = readArgument(from, head);
  if (count > from.left) throw new Malformed("a count points past the end");
  return count;
}

function readArgument(from: Reader, head: number): number {
  const info = head & 31;
  if (info < 24) return info;
  if (info === 24) return atLeast(24, from.byte());
  if (info === 25) return atLeast(0x100, from.byte() * 0x100 + from.byte());
  if (info === 26) return atLeast(0x10000, readWord(from));
  if (info === 27) return atLeast(TWO_32, readWord(from) * TWO_32 + readWord(from));
  throw new Malformed("a length that canonical bodies do not have");
}

function readWord(from: Reader): number {
  return ((from.byte() * 0x100 + from.byte()) * 0x100 + from.byte()) * 0x100 + from.byte();
}

function atLeast(least: number, value: number): number {
  if (value < least) throw new Malformed("a number is longer than it needs to be");
  return value;
}

/** Of an integer of 63 bits; beyond 2^53 the nearest number, for one odd value must not hide an entry. */
function readMagnitude(from: Reader, head: number): number {
  if ((head & 31) !== 27) return readArgument(from, head);
  const high = readWord(from);
  if (high >= 0x80000000) throw new Malformed("a number is beyond 2^63");
  return atLeast(TWO_32, high * TWO_32 + readWord(from));
}

/** Order of the encoded keys: the shorter first, then byte by byte. */
function compareKeys(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i += 1) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}
