// Frame 112: the messages between our own client and the server, each one canonical CBOR value behind its type.

import { type Cbor, type CborMap, decode, decodeMap, encode, isMap } from "./cbor";
import type { Entry } from "./entries";
import { Malformed } from "./errors";
import type { Role } from "./roles";
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
}

export interface Welcome {
  type: "welcome";
  mode: "resumed" | "resync" | "reset";
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
  | { type: "state"; update: Uint8Array; seq: number };

export function encodeClient(frame: ClientFrame): Uint8Array {
  switch (frame.type) {
    case "hello":
      return frameOf(HELLO, helloMap(frame));
    case "op":
      return frameOf(OP, [frame.pseq, frame.kind, frame.body]);
    case "ping":
      return frameOf(PING, [frame.t]);
    case "pong":
      return frameOf(PONG, [frame.t, frame.time]);
    case "renew":
      return frameOf(TOKEN, {});
  }
}

/** Null for a type that this version does not know: a newer server may say more than we need. */
export function decodeServer(bytes: Uint8Array): ServerFrame | null {
  const from = new Reader(bytes);
  if (from.varUint() !== ENVELOPE) throw new Malformed("the frame is no envelope");
  const type = from.varUint();
  const payload = from.rest();
  const read = READERS[type];
  return read === undefined ? null : read(payload);
}

const READERS: Record<number, (payload: Uint8Array) => ServerFrame> = {
  [WELCOME]: readWelcome,
  [ENTRY]: (payload) => ({ type: "entries", entries: asArray(decode(payload)).map(readEntry) }),
  [ACK]: (payload) => {
    const [upto, seq] = asArray(decode(payload));
    return { type: "ack", upto: asNumber(upto), seq: asNumber(seq) };
  },
  [REFUSED]: (payload) => {
    const [pseq, code, message] = asArray(decode(payload));
    return { type: "refused", pseq: asNumber(pseq), code: asText(code), message: asText(message) };
  },
  [PING]: (payload) => ({ type: "ping", t: asNumber(asArray(decode(payload))[0]) }),
  [PONG]: (payload) => {
    const [t, time] = asArray(decode(payload));
    return { type: "pong", t: asNumber(t), time: asNumber(time) };
  },
  [TOKEN]: (payload) => {
    const map = decodeMap(payload);
    return { type: "token", token: asText(map.token), expiresIn: asNumber(map.expires_in) };
  },
  [STATE]: (payload) => {
    const map = decodeMap(payload);
    return { type: "state", update: asBytes(map.update), seq: asNumber(map.seq) };
  },
};

function frameOf(type: number, payload: Cbor): Uint8Array {
  return new Writer().varUint(ENVELOPE).varUint(type).raw(encode(payload)).finish();
}

function helloMap({ instance, last, lineage, incarnation, vector, name }: Hello): CborMap {
  const map: CborMap = { version: VERSION, instance, last };
  if (lineage !== undefined) map.lineage = lineage;
  if (incarnation !== undefined) map.incarnation = incarnation;
  if (vector !== undefined) map.vector = vector;
  if (name !== undefined) map.name = name;
  return map;
}

function readWelcome(payload: Uint8Array): Welcome {
  const map = decodeMap(payload);
  return {
    type: "welcome",
    mode: asText(map.mode) as Welcome["mode"],
    room: asText(map.room),
    title: asText(map.title),
    lineage: asText(map.lineage),
    incarnation: asText(map.incarnation),
    participant: asText(map.participant),
    role: asText(map.role) as Role,
    seat: asText(map.seat),
    acked: asNumber(map.acked),
    heads: asHeads(map.heads),
    time: asNumber(map.time),
    expiresIn: asNumber(map.expires_in),
  };
}

function readEntry(item: Cbor): Entry {
  const [stream, seq, at, actor, kind, body] = asArray(item);
  return {
    stream: asText(stream),
    seq: asNumber(seq),
    at: asNumber(at),
    actor: asText(actor),
    kind: asText(kind),
    body: decodeMap(asBytes(body)),
  };
}

function asHeads(value: Cbor | undefined): Heads {
  if (!isMap(value)) throw new Malformed("a map is missing");
  return Object.fromEntries(Object.entries(value).map(([stream, seq]) => [stream, asNumber(seq)]));
}

function asArray(value: Cbor | undefined): Cbor[] {
  if (!Array.isArray(value)) throw new Malformed("an array is missing");
  return value;
}

function asNumber(value: Cbor | undefined): number {
  if (typeof value !== "number") throw new Malformed("a number is missing");
  return value;
}

function asText(value: Cbor | undefined): string {
  if (typeof value !== "string") throw new Malformed("a text is missing");
  return value;
}

function asBytes(value: Cbor | undefined): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Malformed("bytes are missing");
  return value;
}
