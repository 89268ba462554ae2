// envelope.json: one frame 112 of every type, its payload written by cborg, and frames that must be refused.

import { constants, deflateRawSync } from "node:zlib";
import { hex, save } from "./packages.mjs";
import { cbor, plain } from "./values.mjs";

const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));
const frame = (type, value) => hex(new Uint8Array([112, type, ...cbor(value)]));
const instance = "A1b2C3d4E5f6G7h8";
const update = bytes("0101010004010174016100");
const edit = cbor({ update });
const welcome = {
  mode: "resumed",
  room: "k3x9",
  title: "Interview with Ada 😀",
  lineage: "l-1",
  incarnation: "i-1",
  participant: "p-1",
  role: "candidate",
  seat: "s-1",
  acked: 12,
  heads: { room: 345, "person/p-1": 2 },
  time: 1763886000000000,
  expires_in: 7200,
};
const entries = [
  ["room", 4, 1763886000000000, "p-1", "edit", edit],
  ["room", 5, 1763886000000001, "server", "kernel", cbor({ state: "idle" })],
];

const frames = [
  ["HELLO", 1, { version: 1, instance, last: {} }],
  ["HELLO", 1, { version: 1, instance, last: { room: 17 }, lineage: "l-1", incarnation: "i-1", vector: bytes("00"), name: "Ada" }],
  ["HELLO", 1, { version: 1, instance, last: { room: 17, interviewers: 3 }, lineage: "l-1", incarnation: "i-1" }],
  ["HELLO", 1, { version: 1, instance, last: { room: 17 }, lineage: "l-1", incarnation: "i-1", pending: [4, 34] }],
  ["HELLO", 1, { version: 1, instance, last: { room: 17 }, packed: true }],
  ["WELCOME", 2, welcome],
  ["WELCOME", 2, { ...welcome, role: "interviewer", heads: { room: 17, interviewers: 3 } }],
  ["ENTRY", 3, []],
  ["ENTRY", 3, entries],
  ["ENTRY", 3, [
    ["room", 7, 1763886000000004, "p-1", "seat.lost", cbor({ seat: "s-1", code: 1006 })],
    ["room", 8, 1763886014000004, "p-1", "seat.back", cbor({ seat: "s-1", away: 14500000, pending: 31 })],
    ["room", 9, 1763886014000005, "p-1", "seat.merged", cbor({ seat: "s-1", edits: 30 })],
    ["room", 10, 1763886060000000, "p-1", "seat.opened", cbor({ seat: "s-2", dialect: "fourhands", again: "s-1", away: 40000000, pending: 0 })],
  ]],
  ["ENTRY", 3, [
    ["room", 6, 1763886000000002, "p-2", "tests.queued", cbor({ judgement: "j-1", question: "two-sum" })],
    ["interviewers", 3, 1763886000000003, "kernel", "tests.detail", cbor({ judgement: "j-1", text: "no tests", after: 6 })],
  ]],
  ["ACK", 4, [12, 345]],
  ["OP", 5, [1, "edit", edit]],
  ["OP", 5, [2, "edit", cbor({ update, time: 1763886000000 })]],
  ["OP", 5, [3, "chat", cbor({ text: "hello" })]],
  ["OP", 5, [4, "interrupt", cbor({})]],
  ["OP", 5, [5, "relay", cbor({ update })]],
  ["REFUSED", 6, [3, "path-taken", "There is a file of that name already."]],
  ["PING", 7, [1763886000000]],
  ["PONG", 8, [1763886000000, 1763886000000000]],
  ["TOKEN", 9, {}],
  ["TOKEN", 9, { token: "abc.def.ghi", expires_in: 7200 }],
  ["STATE", 10, { update, seq: 345 }],
  ["STATE", 10, { update, seq: 345, left_out: { "r-1": 5000000, "r-22": 17 } }],
  ["STATE", 10, { update, seq: 345, vector: bytes("010101") }],
  ["STATE", 10, { update, seq: 345, more: [bytes("01010101840100016200"), bytes("000101010001")] }],
  ["GOAWAY", 11, [850]],
].map(([name, type, value]) => ({ name, type, value: plain(value), hex: frame(type, value) }));

// Entries as ENTRY tells them and as PACKED does, by the ways that DEFLATE has: stored, with fixed codes, with its own.
const typed = Array.from({ length: 60 }, (_, i) => ["room", 346 + i, 1763886000000000 + 110_003 * i + i ** 3 % 9_001, `p-${1 + (i % 3)}`, "edit", edit]);
const ways = [
  ["stored", entries, { level: 0 }],
  ["fixed codes", entries, { strategy: constants.Z_FIXED }],
  ["codes of its own", typed, { level: 9 }],
  ["nothing repeated", typed, { strategy: constants.Z_HUFFMAN_ONLY }],
  ["no entries", [], {}],
];
const pack = (value, size, options) => frame(12, [size ?? value.length, new Uint8Array(deflateRawSync(value, options))]);
const packed = ways.map(([name, value, options]) => ({ name, entries: frame(3, value), hex: pack(cbor(value), undefined, options) }));
const some = cbor(entries);
const deflated = new Uint8Array(deflateRawSync(some));

const refused = [
  { hex: "70", why: "no type" },
  { hex: "7007", why: "no payload" },
  { hex: "f00007" + "8101", why: "over-long frame type" },
  { hex: "70870081" + "01", why: "over-long message type" },
  { hex: "7000a0", why: "message type 0" },
  { hex: "700da0", why: "message type 13" },
  { hex: frame(7, [1]) + "00", why: "bytes after the payload" },
  { hex: frame(7, [1]) + frame(7, [1]), why: "a second frame behind the first" },
  { hex: frame(7, [-1]), why: "a negative time" },
  { hex: frame(7, []), why: "a row too short" },
  { hex: frame(7, [1, 2]), why: "a row too long" },
  { hex: frame(7, ["1"]), why: "text for a number" },
  { hex: frame(7, [1.5]), why: "a fraction" },
  { hex: frame(7, [true]), why: "true for a number" },
  { hex: frame(7, { time: 1 }), why: "a map for a row" },
  { hex: frame(5, [0, "edit", edit]), why: "pseq 0" },
  { hex: frame(5, [1, "edit", { update }]), why: "a body that is not in a byte string" },
  { hex: frame(5, [1, "x".repeat(41), edit]), why: "a kind longer than 40" },
  { hex: frame(1, { version: 1, last: {} }), why: "HELLO without an instance" },
  { hex: frame(1, { version: 1, instance: "short", last: {} }), why: "an instance under 16 characters" },
  { hex: frame(1, { version: 1, instance, last: { room: -1 } }), why: "a negative seq" },
  { hex: frame(1, { version: 1, instance, last: {}, admin: true }), why: "a field that HELLO does not have" },
  { hex: frame(1, { version: 1, instance, last: {}, vector: bytes("01") }), why: "a state vector cut short" },
  { hex: frame(1, { version: 1, instance, last: {}, pending: [4] }), why: "a pending range without an end" },
  { hex: frame(1, { version: 1, instance, last: {}, pending: [4, 3] }), why: "a pending range that ends before it begins" },
  { hex: frame(1, { version: 1, instance, last: {}, pending: [0, 3] }), why: "a pending range from 0" },
  { hex: frame(1, { version: 1, instance, last: {}, pending: 3 }), why: "a pending number" },
  { hex: frame(1, { version: 1, instance, last: {}, packed: 1 }), why: "a number for whether it reads PACKED" },
  { hex: frame(12, [some.length]), why: "packed entries without their bytes" },
  { hex: frame(12, [some.length, new Uint8Array()]), why: "packed entries of no bytes" },
  { hex: frame(12, [some.length, deflated.slice(0, -1)]), why: "packed entries cut short" },
  { hex: frame(12, [some.length, new Uint8Array([...deflated, 0])]), why: "bytes after the packed entries" },
  { hex: pack(some, some.length - 1), why: "more packed than is announced" },
  { hex: pack(some, some.length + 1), why: "less packed than is announced" },
  { hex: pack(some, 2 ** 20 + 1), why: "more announced than may be packed" },
  { hex: frame(12, [some.length, bytes("07")]), why: "a packed block of no kind" },
  { hex: frame(12, [some.length, bytes("4b04f200")]), why: "a packed repetition of what was not there" },
  { hex: frame(12, [some.length, bytes("010500000068656c6c6f")]), why: "a stored block of two sizes" },
  { hex: pack(cbor({ entries })), why: "a map packed for a list" },
  { hex: pack(new Uint8Array([...some, 0])), why: "bytes after the packed value" },
  { hex: frame(11, []), why: "GOAWAY without a time" },
  { hex: frame(11, [-1]), why: "GOAWAY into the past" },
  { hex: frame(10, { update, seq: 345, vector: bytes("01") }), why: "a room's state vector cut short" },
  { hex: frame(10, { update, seq: 345, more: update }), why: "one edit more for a list of them" },
  { hex: frame(10, { update, seq: 345, more: ["0000"] }), why: "an edit more in text" },
  { hex: frame(10, { update, seq: 345, left_out: ["r-1"] }), why: "runs left out without their bytes" },
  { hex: frame(10, { update, seq: 345, left_out: { "r-1": -1 } }), why: "a negative number of bytes left out" },
  { hex: frame(2, { ...welcome, mode: "maybe" }), why: "an unknown mode" },
  { hex: frame(2, { ...welcome, role: "god" }), why: "an unknown role" },
  { hex: frame(3, [["room", 0, 1, "p-1", "edit", edit]]), why: "seq 0" },
  { hex: frame(3, [["room", 1, 1, "p-1", "edit"]]), why: "an entry without a body" },
  { hex: frame(9, { token: "" , expires_in: 1 }), why: "an empty token" },
];

// An entry whose body is a map {"text": …} of so many bytes in all.
const bodies = [
  { bytes: 8 * 1024 * 1024, taken: true },
  { bytes: 8 * 1024 * 1024 + 1, taken: false },
];

save("envelope", "cborg 6.1.5 with float64; the refused frames by hand", { frames, packed, refused, bodies });
