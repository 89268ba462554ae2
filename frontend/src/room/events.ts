// What the session is told and what it wants done: the two vocabularies of the state machine.

import type { Entry } from "../../../protocol/ts/entries";
import type { ClientFrame, ServerFrame } from "../../../protocol/ts/envelope";
import type { Pending } from "./outbox";

/** `generation` names the attempt: what a socket that was given up still says is not heard. */
export type Event =
  | { type: "start" }
  | { type: "stop" }
  | { type: "tick" }
  /** The user does not want to wait. */
  | { type: "retry" }
  /** The page is looked at again. */
  | { type: "wake" }
  | { type: "network"; online: boolean }
  | { type: "opened"; generation: number; vector: Uint8Array }
  | { type: "frame"; generation: number; frame: ServerFrame }
  /** Any other bytes: they too are a sign of life. */
  | { type: "heard"; generation: number }
  | { type: "closed"; generation: number; code: number }
  | { type: "token"; token: string }
  | { type: "no-token"; final: boolean; reason: string }
  /** What the room lacks of our document, after a resync that asked for it. */
  | { type: "lacking"; update: Uint8Array }
  /** The document holds something that can never be sent. */
  | { type: "spoilt" };

/** To be done in the order given. */
export type Effect =
  | { type: "connect"; generation: number; token: string }
  | { type: "send"; frame: ClientFrame }
  | { type: "drop"; code: number }
  | { type: "entries"; entries: Entry[] }
  | Resynced
  /** An operation of ours is in the outbox. */
  | { type: "added"; op: Pending }
  | { type: "settled"; ops: Pending[] }
  | { type: "refused"; op: Pending; code: string; message: string }
  /** `waited`: as many operations as were said to wait here while the link was down. */
  | { type: "live"; waited: number }
  | { type: "lost" }
  /** Closed for good. */
  | { type: "closed" }
  /** We go by another name from now on. */
  | { type: "renamed"; instance: string }
  /** The token has expired: get another by the invite. */
  | { type: "renew" }
  | { type: "token"; token: string };

/** The room anew: fold the entries from nothing, then put the updates into the document. */
export interface Resynced {
  type: "resynced";
  entries: Entry[];
  /** Bytes of outputs, by run, that are not among the entries. */
  leftOut: Record<string, number>;
  updates: Uint8Array[];
  seq: number;
  /** The document must be a fresh one; `unsent` says that the old one held work that the log does not. */
  reset: boolean;
  unsent: boolean;
  /** The state vector of a room that may have lost its tail: what does our document have beyond that? */
  lacks: Uint8Array | undefined;
  /** Our edits that are given up with the old document. */
  dropped: Pending[];
}
