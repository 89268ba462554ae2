// Awareness updates of y-protocols: who is here and where their cursor is, best-effort and never recorded as such.

import { Malformed } from "./errors";
import { Reader, Writer } from "./varint";

export interface AwarenessState {
  client: number;
  clock: number;
  /** JSON; null says that the client has gone. */
  state: unknown;
}

/** What our own clients put there; the server rewrites `user` from the token. */
export interface Presence {
  user?: { id: string; name: string; role: string; color: string; colorLight: string };
  /** Absolute UTF-16 offsets, for the log and for readers without a CRDT. */
  at?: { file: string; anchor: number; head: number };
  /** Relative positions, as the editor's binding writes them. */
  cursor?: { anchor: unknown; head: unknown } | null;
}

export function encodeAwareness(states: readonly AwarenessState[]): Uint8Array {
  const out = new Writer().varUint(states.length);
  for (const { client, clock, state } of states) {
    out.varUint(client).varUint(clock).varText(JSON.stringify(state));
  }
  return out.finish();
}

export function decodeAwareness(bytes: Uint8Array): AwarenessState[] {
  const from = new Reader(bytes);
  const count = from.varUint();
  if (count > from.left) throw new Malformed("a count points past the end");
  const states: AwarenessState[] = [];
  for (let i = 0; i < count; i += 1) {
    states.push({ client: from.client(), clock: from.varUint(), state: parse(from.varText()) });
  }
  from.end();
  return states;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Malformed("an awareness state is not JSON");
  }
}
