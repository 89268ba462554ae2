// The link and the status line, derived from the session: nothing is said that is not so.

import { ENDED, NOT_RECORDED } from "./closes";
import type { Exchange } from "./exchange";
import type { PhaseName } from "./phase";
import type { Session } from "./session";

export type LinkPhase = Exclude<PhaseName, "idle">;

/** The link to the room as it truly is; times in ms of the client's clock. */
export interface Link {
  phase: LinkPhase;
  /** Changes made here that the log does not hold yet. */
  pending: number;
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
  | { kind: "connecting"; pending: number }
  | { kind: "saved" }
  | { kind: "saving"; pending: number }
  /** Live, but the server has not answered for some seconds. */
  | { kind: "suspect"; pending: number }
  | { kind: "offline"; pending: number; retryAt: number | null }
  | { kind: "not-recorded"; pending: number; retryAt: number | null }
  | { kind: "ended"; pending: number }
  | { kind: "closed"; pending: number; code: number; reason: string };

export function linkOf({ phase, since, code, reason, exchange }: Session): Link {
  const retryAt = phase.name === "backoff" || phase.name === "offline" ? phase.retryAt : null;
  const name = phase.name === "idle" ? "connecting" : phase.name;
  return { phase: name, pending: unsaved(exchange), since, retryAt, code, reason };
}

/** `ended`: the log says so; `wasLive`: this page has shown the room already. */
export function statusOf(link: Link, { ended, wasLive }: { ended: boolean; wasLive: boolean }): Status {
  const { phase, pending, retryAt, code, reason } = link;
  if (ended || code === ENDED) return { kind: "ended", pending };
  if (phase === "closed") return { kind: "closed", pending, code: code ?? 0, reason };
  if (phase === "live") return pending === 0 ? { kind: "saved" } : { kind: "saving", pending };
  if (phase === "suspect") return { kind: "suspect", pending };
  if (code === NOT_RECORDED) return { kind: "not-recorded", pending, retryAt };
  if (!wasLive) return { kind: "connecting", pending };
  return { kind: "offline", pending, retryAt };
}

function unsaved(exchange: Exchange): number {
  return exchange.pending + exchange.tooLate;
}

export function sameLink(a: Link, b: Link): boolean {
  return a.phase === b.phase && a.pending === b.pending && a.since === b.since && a.code === b.code;
}
