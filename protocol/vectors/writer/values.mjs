// cbor.json and chain.json: values as cborg writes them in its strict canonical form, and the hash chain over entries.

import { createHash } from "node:crypto";
import { cborg, hex, save } from "./packages.mjs";

/** The canonical bytes: map keys by their encoding, floats of 64 bits. */
export const cbor = (value) => cborg.encode(value, { float64: true });

/** Says in JSON what JSON cannot: bytes, and integers beyond 2^53. */
export function plain(value) {
  if (value instanceof Uint8Array) return { $bytes: hex(value) };
  if (typeof value === "bigint") return { $int: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
  }
  return value;
}

const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const nest = (depth) => (depth === 0 ? [] : [nest(depth - 1)]);
const integers = [0, 1, 10, 23, 24, 25, 100, 255, 256, 1000, 65535, 65536, 1000000, 2 ** 32 - 1, 2 ** 32];
integers.push(2 ** 53 - 1, 2n ** 53n, 2n ** 63n - 1n, -1, -10, -24, -25, -100, -256, -257, -65536, -65537);
integers.push(-(2 ** 32), -(2 ** 32) - 1, -(2 ** 53) + 1, -(2n ** 63n));
const floats = [1.1, -4.1, 0.5, 1e300, 5e-324, 1.7976931348623157e308, 3.14159];
const texts = ["", "a", "IETF", '"\\', "ü", "水", "😀", "\u0000", "x".repeat(23), "x".repeat(24), "y".repeat(256)];
const strings = ["", "01020304", "00".repeat(24), "ab".repeat(300)];
const maps = [
  {},
  { a: 1, b: [2, 3] },
  { bb: 1, a: 2, "": 3, aaa: 4, b: 5 },
  { ü: 1, zz: 2, z: 3, "😀": 4 },
  { update: bytes("0000") },
  { time: 1763886000000, update: bytes("01020304") },
  { nested: { deep: { er: [null, true, false, "x", 1.5, bytes("ff")] } } },
  { ["k".repeat(30)]: 1, ["k".repeat(24)]: 2, ["k".repeat(23)]: 3 },
];
const arrays = [[], [1, 2, 3], [1, [2, 3], [4, [5]]], Array.from({ length: 30 }, (_, i) => i), nest(32)];

save("cbor", "cborg 6.1.5 with float64; decode_only and refused by hand (some from RFC 8949, appendix A)", {
  values: [...integers, ...floats, null, true, false, ...texts, ...strings.map(bytes), ...arrays, ...maps].map(
    (value) => ({ value: plain(value), hex: hex(cbor(value)) }),
  ),
  decode_only: [
    { value: 1, hex: "fb3ff0000000000000", why: "a float without a fraction, which JavaScript cannot tell apart" },
    { value: 100000, hex: "fb40f86a0000000000", why: "the same" },
    { value: 0, hex: "fb8000000000000000", why: "minus zero" },
  ],
  refused: [
    { hex: "", why: "nothing there" },
    { hex: "0000", why: "bytes after the value" },
    { hex: "1817", why: "23 in two bytes" },
    { hex: "1900ff", why: "255 in three bytes" },
    { hex: "1a0000ffff", why: "65535 in five bytes" },
    { hex: "1b00000000ffffffff", why: "2^32 - 1 in nine bytes" },
    { hex: "1bffffffffffffffff", why: "an integer beyond 2^63" },
    { hex: "3bffffffffffffffff", why: "an integer below -2^63" },
    { hex: "1c", why: "reserved head" },
    { hex: "1f", why: "indefinite integer" },
    { hex: "5f42010243030405ff", why: "indefinite bytes" },
    { hex: "7f657374726561646d696e67ff", why: "indefinite text" },
    { hex: "9fff", why: "indefinite array" },
    { hex: "bfff", why: "indefinite map" },
    { hex: "ff", why: "break alone" },
    { hex: "c074323031332d30332d32315432303a30343a30305a", why: "a tag" },
    { hex: "c249010000000000000000", why: "a big number" },
    { hex: "f7", why: "undefined" },
    { hex: "f0", why: "simple value 16" },
    { hex: "f820", why: "simple value 32" },
    { hex: "f93c00", why: "a 16-bit float" },
    { hex: "fa47c35000", why: "a 32-bit float" },
    { hex: "fb7ff8000000000000", why: "NaN" },
    { hex: "fb7ff0000000000000", why: "infinity" },
    { hex: "fbfff0000000000000", why: "minus infinity" },
    { hex: "fb3ff000000000", why: "a float cut short" },
    { hex: "6261", why: "text cut short" },
    { hex: "61ff", why: "text that is not UTF-8" },
    { hex: "63eda080", why: "a lone surrogate" },
    { hex: "4201", why: "bytes cut short" },
    { hex: "8201", why: "an array cut short" },
    { hex: "9bffffffffffffffff", why: "an array of 2^64 items" },
    { hex: "a16161", why: "a map cut short" },
    { hex: "a20102" + "0304", why: "keys that are numbers" },
    { hex: "a2616201616102", why: "keys out of order" },
    { hex: "a262616101616202", why: "a longer key before a shorter" },
    { hex: "a2616101616102", why: "a key twice" },
    { hex: "81".repeat(33) + "80", why: "nested 33 deep" },
    { hex: "81".repeat(100000) + "80", why: "nested 100,000 deep" },
  ].filter(({ hex: text }) => text.length < 1000),
});

const sha256 = (data) => new Uint8Array(createHash("sha256").update(data).digest());

function chain(entries) {
  let hash = new Uint8Array(32);
  return entries.map(([seq, at, actor, kind, body]) => {
    const encoded = cbor(body);
    hash = sha256(cbor([hash, seq, at, kind, actor, sha256(encoded)]));
    return { stream: "room", seq, at, actor, kind, body: hex(encoded), hash: hex(hash) };
  });
}

const at = 1763886000000000;
const created = { title: "Interview", lineage: "l-1", settings: {}, version: 1 };
const joined = { name: "Ada 😀", role: "candidate", colour: 3, invite: "candidate/1" };
save("chain", "cborg 6.1.5 and SHA-256 of Node", {
  entries: chain([
    [1, at, "server", "room.created", created],
    [2, at + 5, "p-1", "person.joined", joined],
    [3, at + 5, "p-1", "edit", { update: bytes("01010100040101740161" + "00") }],
    [4, at + 1000000, "server", "kernel", { state: "none" }],
    [5, at + 1000001, "p-1", "chat", { text: "hello" }],
  ]),
});
