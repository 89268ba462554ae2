// The link and the status line, derived from the session: nothing is said that is not so.

import { ENDED, NOT_RECORDED } from "./closes";
import type { PhaseName } from "./phase";
import type { Session } from "./session";

export type LinkPhase = Exclude<PhaseName, "idle">;

/** The link to the room as it truly is; times in ms of the client's clock. */
export interface Link {
  phase: LinkPhase;
  /** Changes made here, or by an earlier page of ours, that the log does not hold yet. */
  pending: number;
  /** What is made here is kept on this device, and all of those are: they outlive the page. */
  kept: boolean;
  /** When this phase began. */
  since: number;
  /** When the next attempt starts, in `backoff` and `offline`. */
  retryAt: number | null;
  /** The last close code while the link is down, and what it means in the user's words. */
  code: number | null;
  reason: string;
}

/** What the status line says; `saved` only when live with nothing pending. */
export type Status =
  | { kind: "connecting"; pending: number; kept: boolean }
  | { kind: "saved" }
  | { kind: "saving"; pending: number }
  /** Live, but the server has not answered for some seconds. */
  | { kind: "suspect"; pending: number; kept: boolean }
  /** The link is back, and what was missed is on its way. */
  | { kind: "syncing"; pending: number; kept: boolean }
  | { kind: "offline"; pending: number; kept: boolean; retryAt: number | null }
  | { kind: "not-recorded"; pending: number; kept: boolean; retryAt: number | null }
  | { kind: "ended"; pending: number }
  | { kind: "closed"; pending: number; kept: boolean; code: number; reason: string };

/** What storage knows beside the session: work of other pages of ours, and whether all is on this device. */
export interface Kept {
  elsewhere: number;
  kept: boolean;
}

export function linkOf({ phase, since, code, reason, exchange }: Session, storage: Kept): Link {
  const retryAt = phase.name === "backoff" || phase.name === "offline" ? phase.retryAt : null;
  const name = phase.name === "idle" ? "connecting" : phase.name;
  const pending = exchange.pending + exchange.tooLate + storage.elsewhere;
  // What came too late for the session is nowhere but here.
  const kept = storage.kept && exchange.tooLate === 0;
  return { phase: name, pending, kept, since, retryAt, code, reason };
}

/** `ended`: the log says so; `wasLive`: this page has shown the room already. */
export function statusOf(link: Link, { ended, wasLive }: { ended: boolean; wasLive: boolean }): Status {
  const { phase, pending, kept, retryAt, code, reason } = link;
  if (ended || code === ENDED) return { kind: "ended", pending };
  if (phase === "closed") return { kind: "closed", pending, kept, code: code ?? 0, reason };
  if (phase === "live") return pending === 0 ? { kind: "saved" } : { kind: "saving", pending };
  if (phase === "suspect") return { kind: "suspect", pending, kept };
  if (code === NOT_RECORDED) return { kind: "not-recorded", pending, kept, retryAt };
  if (!wasLive) return { kind: "connecting", pending, kept };
  if (phase === "syncing") return { kind: "syncing", pending, kept };
  return { kind: "offline", pending, kept, retryAt };
}

export function sameLink(a: Link, b: Link): boolean {
  const names = ["phase", "pending", "kept", "since", "code"] as const;
  return names.every((name) => a[name] === b[name]);
}
