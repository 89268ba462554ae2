// lib0.json: numbers and text as lib0 writes them, and bytes that must be refused.

import { encoding, hex, save, written } from "./packages.mjs";

const numbers = [0, 1, 127, 128, 255, 300, 16383, 16384, 2097151, 2097152, 2 ** 28, 2 ** 31 - 1, 2 ** 31];
numbers.push(2 ** 32 - 1, 2 ** 32, 2 ** 42, 2 ** 49 - 1, 2 ** 49, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER);
const texts = ["", "a", "print('hello')\n", "ä", "漢字", "😀", "👩‍👩‍👧", "\u0000", "\ufeffbom", "é", "x".repeat(200)];

save("lib0", "lib0 0.2.120; the refused bytes by hand", {
  uint: numbers.map((value) => ({ value, hex: hex(written((e) => encoding.writeVarUint(e, value))) })),
  text: texts.map((value) => ({ value, hex: hex(written((e) => encoding.writeVarString(e, value))) })),
  bytes: ["", "00", "ff".repeat(130)].map((value) => ({
    value,
    hex: hex(written((e) => encoding.writeVarUint8Array(e, Buffer.from(value, "hex")))),
  })),
  refused_uint: [
    { hex: "", why: "nothing there" },
    { hex: "80", why: "cut short" },
    { hex: "8000", why: "over-long 0" },
    { hex: "ff8000", why: "over-long 127" },
    { hex: "8180808080808000", why: "over-long 1" },
    { hex: "8080808080808010", why: "2^53" },
    { hex: "ffffffffffffff7f", why: "2^56 - 1" },
    { hex: "ffffffffffffffff01", why: "more than 8 bytes" },
    { hex: "ffffffffffffffffff01", why: "2^64 - 1, which aborts some engines" },
  ],
  refused_text: [
    { hex: "", why: "nothing there" },
    { hex: "02 61".replace(" ", ""), why: "cut short" },
    { hex: "01ff", why: "not UTF-8" },
    { hex: "02c080", why: "over-long NUL" },
    { hex: "03eda080", why: "a lone surrogate" },
    { hex: "04f4908080", why: "beyond U+10FFFF" },
    { hex: "8100" + "61", why: "over-long length" },
  ],
});
