// Frame 112: the messages between our own client and the server, each one canonical CBOR value behind its type.

import { type Cbor, type CborMap, decode, decodeMap, encode, isMap } from "./cbor";
import type { Entry } from "./entries";
import { Malformed, TooLarge } from "./errors";
import { inflate } from "./inflate";
import { BODY, PACKED as PACKED_MAX } from "./limits";
import { ROLES, type Role } from "./roles";
import { decodeVector } from "./sync";
import { Reader, Writer } from "./varint";

export const ENVELOPE = 112;
export const VERSION = 1;
export const SUBPROTOCOL = "fourhands.v1";

const HELLO = 1;
const WELCOME = 2;
const ENTRY = 3;
const ACK = 4;
const OP = 5;
const REFUSED = 6;
const PING = 7;
const PONG = 8;
const TOKEN = 9;
const STATE = 10;
const GOAWAY = 11;
const PACKED = 12;

const MODES = ["resumed", "resync", "reset"] as const;

export type Heads = Record<string, number>;

export interface Hello {
  type: "hello";
  /** One page of one browser: kept over reconnects, new for each tab and reload. */
  instance: string;
  lineage?: string;
  incarnation?: string;
  /** Last seq seen of each stream; empty asks for everything anew. */
  last: Heads;
  /** Yjs state vector of the client's document. */
  vector?: Uint8Array;
  name?: string;
  /** The first and the last pseq that this page holds and has not seen settled. */
  pending?: [from: number, to: number];
  /** It reads entries that come packed. */
  packed?: boolean;
}

export interface Welcome {
  type: "welcome";
  mode: (typeof MODES)[number];
  room: string;
  title: string;
  lineage: string;
  incarnation: string;
  participant: string;
  role: Role;
  seat: string;
  /** Operations of this instance up to here are settled. */
  acked: number;
  heads: Heads;
  /** The server's clock in µs. */
  time: number;
  /** Seconds until the token ends. */
  expiresIn: number;
}

export type ClientFrame =
  | Hello
  | { type: "op"; pseq: number; kind: string; body: Uint8Array }
  | { type: "ping"; t: number }
  | { type: "pong"; t: number; time: number }
  | { type: "renew" };

export type ServerFrame =
  | Welcome
  | { type: "entries"; entries: Entry[] }
  | { type: "ack"; upto: number; seq: number }
  | { type: "refused"; pseq: number; code: string; message: string }
  | { type: "ping"; t: number }
  | { type: "pong"; t: number; time: number }
  | { type: "token"; token: string; expiresIn: number }
  | State
  /** Come back after `wait` ms, and not before. */
  | { type: "goaway"; wait: number };

export interface State {
  type: "state";
  update: Uint8Array;
  seq: number;
  /** Bytes of outputs, by run, that the story before it has left out. */
  leftOut?: Record<string, number>;
  /** Edits up to `seq` that come after `update`. */
  more?: Uint8Array[];
  /** What the room has, where this client came from another incarnation and may have what the room has lost. */
  vector?: Uint8Array;
}

export function encodeClient(frame: ClientFrame): Uint8Array {
  switch (frame.type) {
    case "hello":
      return encodeFrame(HELLO, helloMap(frame));
    case "op":
      return encodeFrame(OP, [frame.pseq, frame.kind, frame.body]);
    case "ping":
      return encodeFrame(PING, [frame.t]);
    case "pong":
      return encodeFrame(PONG, [frame.t, frame.time]);
    case "renew":
      return encodeFrame(TOKEN, {});
  }
}

export function decodeServer(bytes: Uint8Array): ServerFrame {
  const { type, value } = decodeFrame(bytes);
  switch (type) {
    case WELCOME:
      return readWelcome(asMap(value));
    case ENTRY:
      return { type: "entries", entries: asArray(value).map(readEntry) };
    case ACK: {
      const [upto, seq] = asRow(value, 2);
      return { type: "ack", upto: asUint(upto), seq: asUint(seq) };
    }
    case REFUSED: {
      const [pseq, code, message] = asRow(value, 3);
      return { type: "refused", pseq: asUint(pseq), code: asText(code), message: asText(message) };
    }
    case PING:
      return { type: "ping", t: asUint(asRow(value, 1)[0]) };
    case PONG: {
      const [t, time] = asRow(value, 2);
      return { type: "pong", t: asUint(t), time: asUint(time) };
    }
    case TOKEN: {
      const { token, expires_in } = asMap(value);
      if (token === "") throw new Malformed("the token is empty");
      return { type: "token", token: asText(token), expiresIn: asUint(expires_in) };
    }
    case STATE:
      return readState(asMap(value));
    case GOAWAY:
      return { type: "goaway", wait: asUint(asRow(value, 1)[0]) };
    case PACKED:
      return { type: "entries", entries: asArray(unpack(value)).map(readEntry) };
    default:
      throw new Malformed(`no message has type ${type}`);
  }
}

/** The two layers below the messages: the frame's type and its one value. */
export function decodeFrame(bytes: Uint8Array): { type: number; value: Cbor } {
  const from = new Reader(bytes);
  if (from.varUint() !== ENVELOPE) throw new Malformed("the frame is no envelope");
  const type = from.varUint();
  return { type, value: decode(from.rest()) };
}

export function encodeFrame(type: number, value: Cbor): Uint8Array {
  return new Writer().varUint(ENVELOPE).varUint(type).raw(encode(value)).finish();
}

function helloMap({ instance, last, lineage, incarnation, vector, name, pending, packed }: Hello): CborMap {
  const map: CborMap = { version: VERSION, instance, last };
  if (lineage !== undefined) map.lineage = lineage;
  if (incarnation !== undefined) map.incarnation = incarnation;
  if (vector !== undefined) map.vector = vector;
  if (name !== undefined) map.name = name;
  if (pending !== undefined) map.pending = pending;
  if (packed !== undefined) map.packed = packed;
  return map;
}

function readWelcome(map: CborMap): Welcome {
  return {
    type: "welcome",
    mode: asOneOf(MODES, map.mode),
    room: asText(map.room),
    title: asText(map.title),
    lineage: asText(map.lineage),
    incarnation: asText(map.incarnation),
    participant: asText(map.participant),
    role: asOneOf(ROLES, map.role),
    seat: asText(map.seat),
    acked: asUint(map.acked),
    heads: asHeads(asMap(map.heads)),
    time: asUint(map.time),
    expiresIn: asUint(map.expires_in),
  };
}

function readState({ update, seq, left_out, vector, more }: CborMap): State {
  const state: State = { type: "state", update: asBytes(update), seq: asUint(seq) };
  if (more !== undefined) state.more = asArray(more).map(asBytes);
  if (left_out !== undefined) state.leftOut = asHeads(asMap(left_out));
  if (vector !== undefined) {
    state.vector = asBytes(vector);
    decodeVector(state.vector);
  }
  return state;
}

function unpack(value: Cbor): Cbor {
  const [size, data] = asRow(value, 2);
  if (asUint(size) > PACKED_MAX) throw new TooLarge("packed entries are larger than the protocol allows");
  return decode(inflate(asBytes(data), asUint(size)));
}

function readEntry(item: Cbor): Entry {
  const [stream, seq, at, actor, kind, body] = asRow(item, 6);
  if (seq === 0) throw new Malformed("an entry has seq 0");
  const packed = asBytes(body);
  if (packed.length === 0) throw new Malformed("an entry has no body");
  if (packed.length > BODY) throw new TooLarge("an entry is larger than the protocol allows");
  return {
    stream: asText(stream),
    seq: asUint(seq),
    at: asUint(at),
    actor: asText(actor),
    kind: asText(kind),
    body: decodeMap(packed),
  };
}

function asHeads(map: CborMap): Heads {
  return Object.fromEntries(Object.entries(map).map(([stream, seq]) => [stream, asUint(seq)]));
}

function asMap(value: Cbor | undefined): CborMap {
  if (!isMap(value)) throw new Malformed("a map is missing");
  return value;
}

function asArray(value: Cbor | undefined): Cbor[] {
  if (!Array.isArray(value)) throw new Malformed("an array is missing");
  return value;
}

function asRow(value: Cbor, length: number): Cbor[] {
  const row = asArray(value);
  if (row.length !== length) throw new Malformed(`a row has ${row.length} fields, not ${length}`);
  return row;
}

function asUint(value: Cbor | undefined): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Malformed("a number is missing");
  return value as number;
}

function asText(value: Cbor | undefined): string {
  if (typeof value !== "string") throw new Malformed("a text is missing");
  return value;
}

function asOneOf<T extends string>(words: readonly T[], value: Cbor | undefined): T {
  const word = words.find((one) => one === value);
  if (word === undefined) throw new Malformed(`${words.join(", ")}: one of these is missing`);
  return word;
}

function asBytes(value: Cbor | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Malformed("bytes are missing");
  return value;
}
