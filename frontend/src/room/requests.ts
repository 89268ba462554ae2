// Operations that somebody waits for: which may be asked now, and the answer of each.

import { type Action, allows, type Role } from "../../../protocol/ts/roles";
import type { Op } from "./outbox";
import { isLive, type Phase } from "./phase";

export type OpResult = { ok: true } | { ok: false; code: string; message: string };

/** What is asked of a kernel or of people is asked now or not at all; the rest is kept until the link is back. */
export const NOW_OR_NEVER: ReadonlySet<string> = new Set([
  "run",
  "interrupt",
  "restart",
  "input",
  "end",
  "remove",
  "revoke",
]);

const CLOSED: OpResult = {
  ok: false,
  code: "closed",
  message: "This page is no longer connected to the room.",
};
const OFFLINE: OpResult = {
  ok: false,
  code: "offline",
  message: "The link is down. Try again when it is back.",
};
const FORBIDDEN: OpResult = { ok: false, code: "forbidden", message: "Your role does not allow that." };

/** Why this cannot be asked in such a phase; null where it can. */
export function obstacle(op: Op, role: Role, phase: Phase): OpResult | null {
  if (!allows(role, op.kind satisfies Action)) return FORBIDDEN;
  if (phase.name === "closed") return CLOSED;
  return !isLive(phase) && NOW_OR_NEVER.has(op.kind) ? OFFLINE : null;
}

export class Requests {
  readonly #waiting = new Map<Op, (result: OpResult) => void>();

  wait(op: Op): Promise<OpResult> {
    return new Promise((resolve) => this.#waiting.set(op, resolve));
  }

  answer(op: Op, result: OpResult): void {
    this.#waiting.get(op)?.(result);
    this.#waiting.delete(op);
  }

  /** The link is closed for good: nothing will be answered any more. */
  close(): void {
    for (const op of [...this.#waiting.keys()]) this.answer(op, CLOSED);
  }
}
