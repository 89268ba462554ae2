// The y-protocols frames of stock clients: state-vector sync, permission denied, query awareness.

import { Malformed } from "./errors";
import { Reader, Writer } from "./varint";

export const SYNC = 0;
export const AWARENESS = 1;
export const AUTH = 2;
export const QUERY_AWARENESS = 3;

const STEPS = ["step1", "step2", "update"] as const;

export type StockFrame =
  | { type: (typeof STEPS)[number]; payload: Uint8Array }
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
    default:
      return out.varUint(SYNC).varUint(STEPS.indexOf(frame.type)).varBytes(frame.payload).finish();
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
  const step = STEPS[from.varUint()];
  if (step === undefined) throw new Malformed("an unknown kind of sync frame");
  return { type: step, payload: from.varBytes() };
}
