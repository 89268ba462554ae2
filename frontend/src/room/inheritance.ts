// What of an earlier page's work is still to be done: edits and words always; what was asked of a kernel only at once.

import { isEdit, type Pending } from "./outbox";
import { NOW_OR_NEVER } from "./requests";

/** Whoever reloaded so lately still waits for the run that they asked for. */
const FRESH_MS = 30_000;

export interface Inheritance {
  ops: Pending[];
  /** Perhaps done and perhaps not, and too late to be asked for again. */
  uncertain: Pending[];
}

/** Under the name of the page that made it: there each is done once at most. */
export function inherit(ops: readonly Pending[], now: number): Inheritance {
  const kept = ({ op, madeAt }: Pending) =>
    op.kind !== "relay" && (!NOW_OR_NEVER.has(op.kind) || now - madeAt < FRESH_MS);
  return { ops: ops.filter(kept), uncertain: uncertain(ops, kept) };
}

/** Under another name: only what bears its own identity can be said a second time. */
export function takeOver(ops: readonly Pending[], now: number): Inheritance {
  const kept = (one: Pending) => isEdit(one) || (one.op.kind === "run" && now - one.madeAt < FRESH_MS);
  return { ops: ops.filter(kept), uncertain: uncertain(ops, kept) };
}

function uncertain(ops: readonly Pending[], kept: (one: Pending) => boolean): Pending[] {
  return ops.filter((one) => one.op.kind !== "relay" && !kept(one));
}
