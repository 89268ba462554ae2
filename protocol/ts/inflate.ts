// Raw DEFLATE (RFC 1951), read at once: a browser's own DecompressionStream answers later, and frames keep their order.

import { Malformed } from "./errors";

const LONGEST = 15;
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
// In this order a block says how long the codes are that say how long its codes are.
const LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const REPEAT = 16;
const ZEROS = 17;
const MANY_ZEROS = 18;

/** What a code stands for: a number from `base` on, of which so many `bits` follow. */
interface Steps {
  base: number[];
  bits: number[];
}

const LENGTHS = steps(3, 29, 4);
LENGTHS.base[28] = 258;
LENGTHS.bits[28] = 0;
const DISTANCES = steps(1, 30, 2);
const FIXED = {
  literals: table([...Array(144).fill(8), ...Array(112).fill(9), ...Array(24).fill(7), ...Array(8).fill(8)]),
  distances: table(Array(30).fill(5)),
};

/** The bytes that `data` holds to its very end; there must be `size` of them. */
export function inflate(data: Uint8Array, size: number): Uint8Array {
  const from = new Bits(data);
  const out = new Output(size);
  let last = false;
  while (!last) {
    last = from.take(1) === 1;
    const kind = from.take(2);
    if (kind === 0) out.literals(from.stored());
    else if (kind === 1) readBlock(from, out, FIXED.literals, FIXED.distances);
    else if (kind === 2) readBlock(from, out, ...readTables(from));
    else throw new Malformed("a block of no kind");
  }
  from.end();
  return out.finish();
}

class Bits {
  readonly #data: Uint8Array;
  #at = 0;
  #held = 0;
  #count = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  take(bits: number): number {
    const value = this.#peek(bits);
    this.#drop(bits);
    return value;
  }

  symbol({ codes, longest }: Table): number {
    const code = codes[this.#peek(longest)] as number;
    if (code === 0) throw new Malformed("bits that are no code");
    this.#drop(code & 15);
    return code >> 4;
  }

  stored(): Uint8Array {
    this.#drop(this.#count & 7);
    const size = this.take(16);
    if (this.take(16) !== (size ^ 0xffff)) throw new Malformed("a stored block of two sizes");
    const begin = this.#at - this.#count / 8;
    if (begin + size > this.#data.length) throw new Malformed("compressed bytes end too early");
    this.#at = begin + size;
    this.#held = 0;
    this.#count = 0;
    return this.#data.subarray(begin, begin + size);
  }

  end(): void {
    if (this.#at - (this.#count >> 3) !== this.#data.length)
      throw new Malformed("bytes after the last block");
  }

  /** The next bits; beyond the end they are zeros, which nobody may take. */
  #peek(bits: number): number {
    while (this.#count < bits) {
      this.#held |= (this.#data[this.#at] ?? 0) << this.#count;
      this.#at += 1;
      this.#count += 8;
    }
    return this.#held & ((1 << bits) - 1);
  }

  #drop(bits: number): void {
    this.#held >>>= bits;
    this.#count -= bits;
    if (this.#at - (this.#count >> 3) > this.#data.length)
      throw new Malformed("compressed bytes end too early");
  }
}

class Output {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
  }

  literal(byte: number): void {
    this.#bytes[this.#room(1)] = byte;
  }

  literals(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#room(bytes.length));
  }

  /** What stands `distance` bytes back once more; it may reach into itself. */
  repeat(length: number, distance: number): void {
    const begin = this.#at - distance;
    if (begin < 0) throw new Malformed("a repetition of what was not there");
    const at = this.#room(length);
    for (let i = 0; i < length; i += 1) this.#bytes[at + i] = this.#bytes[begin + i] as number;
  }

  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length) throw new Malformed("fewer bytes than announced");
    return this.#bytes;
  }

  #room(length: number): number {
    const at = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Malformed("more bytes than announced");
    return at;
  }
}

/** By the next `longest` bits: the symbol, and in the low four how many of them are its code. 0: none. */
interface Table {
  codes: Uint16Array;
  longest: number;
}

/** Codes are given by their lengths alone: shorter ones first, then in the order of the symbols. */
function table(lengths: readonly number[]): Table {
  const longest = Math.max(1, ...lengths);
  const codes = new Uint16Array(1 << longest);
  let code = 0;
  for (let length = 1; length <= longest; length += 1) {
    lengths.forEach((one, symbol) => {
      if (one !== length) return;
      if (code >= 1 << length) throw new Malformed("more codes than there are bits for");
      for (let i = reversed(code, length); i < codes.length; i += 1 << length) {
        codes[i] = (symbol << 4) | length;
      }
      code += 1;
    });
    code <<= 1;
  }
  return { codes, longest };
}

function reversed(code: number, length: number): number {
  let result = 0;
  for (let i = 0; i < length; i += 1) result |= ((code >> i) & 1) << (length - 1 - i);
  return result;
}

function readTables(from: Bits): [literals: Table, distances: Table] {
  const literals = from.take(5) + FIRST_LENGTH;
  const distances = from.take(5) + 1;
  const shown = from.take(4) + 4;
  const lengths = Array(LENGTHS_ORDER.length).fill(0);
  for (const place of LENGTHS_ORDER.slice(0, shown)) lengths[place] = from.take(3);
  const codes = readLengths(from, table(lengths), literals + distances);
  return [table(codes.slice(0, literals)), table(codes.slice(literals))];
}

function readLengths(from: Bits, codes: Table, count: number): number[] {
  const lengths: number[] = [];
  while (lengths.length < count) {
    const code = from.symbol(codes);
    if (code <= LONGEST) {
      lengths.push(code);
      continue;
    }
    const before = code === REPEAT ? lengths.at(-1) : 0;
    if (before === undefined) throw new Malformed("a first length that repeats");
    const times = code === MANY_ZEROS ? from.take(7) + 11 : from.take(code === ZEROS ? 3 : 2) + 3;
    for (let i = 0; i < times; i += 1) lengths.push(before);
  }
  if (lengths.length > count) throw new Malformed("more lengths than announced");
  return lengths;
}

function readBlock(from: Bits, out: Output, literals: Table, distances: Table): void {
  for (;;) {
    const symbol = from.symbol(literals);
    if (symbol === END_OF_BLOCK) return;
    if (symbol < END_OF_BLOCK) out.literal(symbol);
    else
      out.repeat(
        readStep(from, LENGTHS, symbol - FIRST_LENGTH),
        readStep(from, DISTANCES, from.symbol(distances)),
      );
  }
}

function readStep(from: Bits, { base, bits }: Steps, code: number): number {
  const least = base[code];
  if (least === undefined) throw new Malformed("a code that stands for nothing");
  return least + from.take(bits[code] as number);
}

/** So many steps: the first ones a number each, then every `wide` of them twice as wide as those before. */
function steps(first: number, count: number, wide: number): Steps {
  const result: Steps = { base: [], bits: [] };
  let base = first;
  for (let i = 0; i < count; i += 1) {
    const bits = Math.max(0, Math.floor(i / wide) - 1);
    result.base.push(base);
    result.bits.push(bits);
    base += 1 << bits;
  }
  return result;
}
