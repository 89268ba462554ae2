// lib0's primitives, read canonically: variable-length unsigned numbers, and bytes and text behind their length.

import { Malformed } from "./errors";

const UTF8_STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const UTF8 = new TextEncoder();

/** Reads one buffer from front to end; every length is checked against what is left. */
export class Reader {
  readonly bytes: Uint8Array;
  pos = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.pos;
  }

  byte(): number {
    const value = this.bytes[this.pos];
    if (value === undefined) throw new Malformed("the frame ends too early");
    this.pos += 1;
    return value;
  }

  /** 0 to 2^53 - 1. lib0 itself would take `80 00` for 0; an over-long form could slip past a filter. */
  varUint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= 8; length += 1) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && length > 1) throw new Malformed("a number is longer than it needs to be");
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 128;
    }
    throw new Malformed("a number is too large");
  }

  /** A Yjs client id: 32 bits. */
  client(): number {
    const id = this.varUint();
    if (id > 0xffffffff) throw new Malformed("a client id has more than 32 bits");
    return id;
  }

  take(length: number): Uint8Array {
    if (length > this.left) throw new Malformed("a length points past the end");
    this.pos += length;
    return this.bytes.subarray(this.pos - length, this.pos);
  }

  varBytes(): Uint8Array {
    return this.take(this.varUint());
  }

  varText(): string {
    return decodeText(this.varBytes());
  }

  rest(): Uint8Array {
    return this.take(this.left);
  }

  end(): void {
    if (this.left > 0) throw new Malformed("bytes follow the end of the frame");
  }
}

/** Writes into a buffer that doubles when it is full. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  byte(value: number): this {
    this.#room(1);
    this.#bytes[this.#length] = value;
    this.#length += 1;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  varUint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new Malformed(`${value} is no varuint`);
    let left = value;
    while (left >= 0x80) {
      this.byte((left % 128) | 0x80);
      left = Math.floor(left / 128);
    }
    return this.byte(left);
  }

  varBytes(bytes: Uint8Array): this {
    return this.varUint(bytes.length).raw(bytes);
  }

  varText(text: string): this {
    return this.varBytes(encodeText(text));
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #room(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

export function decodeText(bytes: Uint8Array): string {
  try {
    return UTF8_STRICT.decode(bytes);
  } catch {
    throw new Malformed("text is not UTF-8");
  }
}

/** A lone surrogate has no UTF-8 form; TextEncoder would quietly put U+FFFD in its place. */
export function encodeText(text: string): Uint8Array {
  if (/\p{Surrogate}/u.test(text)) throw new Malformed("text holds half a surrogate pair");
  return UTF8.encode(text);
}
