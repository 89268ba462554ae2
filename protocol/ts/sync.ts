// The y-protocols frames of stock clients: state-vector sync, permission denied, query awareness.

import { Malformed } from "./errors";
import { Reader, Writer } from "./varint";

export const SYNC = 0;
export const AWARENESS = 1;
export const AUTH = 2;
export const QUERY_AWARENESS = 3;

const STEP1 = 0;
const STEP2 = 1;
const UPDATE = 2;

/** Client id to the next clock that is wanted of it. */
export type StateVector = ReadonlyMap<number, number>;

export type StockFrame =
  | { type: "step1"; vector: StateVector }
  | { type: "step2" | "update"; update: Uint8Array }
  | { type: "awareness"; payload: Uint8Array }
  | { type: "denied"; reason: string }
  | { type: "query-awareness" };

export function encodeStock(frame: StockFrame): Uint8Array {
  const out = new Writer();
  switch (frame.type) {
    case "awareness":
      return out.varUint(AWARENESS).varBytes(frame.payload).finish();
    case "denied":
      return out.varUint(AUTH).varUint(0).varText(frame.reason).finish();
    case "query-awareness":
      return out.varUint(QUERY_AWARENESS).finish();
    case "step1":
      return out.varUint(SYNC).varUint(STEP1).varBytes(encodeVector(frame.vector)).finish();
    case "step2":
      return out.varUint(SYNC).varUint(STEP2).varBytes(frame.update).finish();
    case "update":
      return out.varUint(SYNC).varUint(UPDATE).varBytes(frame.update).finish();
  }
}

/** Decodes one whole frame; what follows it is refused. */
export function decodeStock(bytes: Uint8Array): StockFrame {
  const from = new Reader(bytes);
  const frame = readStock(from);
  from.end();
  return frame;
}

function readStock(from: Reader): StockFrame {
  const type = from.varUint();
  if (type === SYNC) return readSync(from);
  if (type === AWARENESS) return { type: "awareness", payload: from.varBytes() };
  if (type === QUERY_AWARENESS) return { type: "query-awareness" };
  if (type !== AUTH) throw new Malformed(`no frame has type ${type}`);
  if (from.varUint() !== 0) throw new Malformed("an unknown kind of auth frame");
  return { type: "denied", reason: from.varText() };
}

function readSync(from: Reader): StockFrame {
  const step = from.varUint();
  if (step === STEP1) return { type: "step1", vector: decodeVector(from.varBytes()) };
  if (step === STEP2) return { type: "step2", update: from.varBytes() };
  if (step === UPDATE) return { type: "update", update: from.varBytes() };
  throw new Malformed("an unknown kind of sync frame");
}

/** Yjs writes the largest client id first. */
export function encodeVector(vector: StateVector): Uint8Array {
  const out = new Writer().varUint(vector.size);
  const entries = [...vector].sort(([a], [b]) => b - a);
  for (const [client, clock] of entries) out.varUint(client).varUint(clock);
  return out.finish();
}

export function decodeVector(bytes: Uint8Array): StateVector {
  const from = new Reader(bytes);
  const vector = new Map<number, number>();
  for (let left = from.varUint(); left > 0; left -= 1) {
    const client = from.client();
    if (vector.has(client)) throw new Malformed("a state vector names a client twice");
    vector.set(client, from.varUint());
  }
  from.end();
  return vector;
}
