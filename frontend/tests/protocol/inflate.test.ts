// DEFLATE as zlib writes it, by all its ways and at all levels; and nothing but a refusal of whatever it would not write.

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../protocol/ts/errors";
import { inflate } from "../../../protocol/ts/inflate";
import { below, pick, seeded } from "../support/random";

const { Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED } = constants;
const STRATEGIES = [Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED];

/** Bytes with much, little or nothing that repeats. */
function sample(random: () => number): Uint8Array {
  const letters = 1 + below(random, pick(random, [2, 20, 256]));
  const bytes = new Uint8Array(below(random, pick(random, [4, 300, 70_000])));
  for (let at = 0; at < bytes.length; ) {
    const length = at > 0 && random() < 0.2 ? below(random, 400) : 0;
    const back = 1 + below(random, Math.min(at, 32_768));
    for (let i = 0; i < length && at < bytes.length; i += 1, at += 1) bytes[at] = bytes[at - back] as number;
    if (at < bytes.length) bytes[at++] = below(random, letters);
  }
  return bytes;
}

function deflated(random: () => number, bytes: Uint8Array): Uint8Array {
  const options = {
    level: below(random, 10),
    strategy: pick(random, STRATEGIES),
    memLevel: 1 + below(random, 9),
  };
  return new Uint8Array(deflateRawSync(bytes, options));
}

describe("inflate", () => {
  test("what zlib has compressed", () => {
    const random = seeded(21);
    for (let i = 0; i < 80; i += 1) {
      const bytes = sample(random);
      expect(Buffer.compare(inflate(deflated(random, bytes), bytes.length), bytes)).toBe(0);
    }
  });

  test("no length but the one announced, and nothing cut off or added", () => {
    const random = seeded(22);
    for (let i = 0; i < 50; i += 1) {
      const bytes = sample(random);
      const data = deflated(random, bytes);
      expect(() => inflate(data, bytes.length + 1)).toThrow(ProtocolError);
      if (bytes.length > 0) expect(() => inflate(data, bytes.length - 1)).toThrow(ProtocolError);
      expect(() => inflate(data.subarray(0, below(random, data.length)), bytes.length)).toThrow(
        ProtocolError,
      );
      expect(() => inflate(Uint8Array.from([...data, 0]), bytes.length)).toThrow(ProtocolError);
    }
  });

  test("bytes that were changed on the way are refused, or read as zlib reads them", () => {
    const random = seeded(23);
    let read = 0;
    for (let i = 0; i < 800; i += 1) {
      const bytes = sample(random).subarray(0, 500);
      const data = deflated(random, bytes);
      data[below(random, data.length)] = below(random, 256);
      let mine: Uint8Array | null = null;
      try {
        mine = inflate(data, bytes.length);
      } catch (error) {
        expect(error).toBeInstanceOf(ProtocolError);
      }
      if (mine === null) continue;
      read += 1;
      expect(Buffer.compare(mine, inflateRawSync(data))).toBe(0);
    }
    expect(read).toBeGreaterThan(0);
  });
});
