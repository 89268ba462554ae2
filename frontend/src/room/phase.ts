// Where a link stands: each phase with what only it has, and when it wants to be looked at again.

import type { Heartbeat } from "./heartbeat";

export type Phase =
  | { name: "idle" }
  | { name: "connecting"; deadline: number }
  /** HELLO is out, WELCOME awaited. */
  | { name: "authenticating"; deadline: number; heartbeat: Heartbeat }
  /** Story and document, or the tail, are on their way. */
  | { name: "syncing"; heartbeat: Heartbeat }
  | { name: "live"; heartbeat: Heartbeat; steadyAt: number }
  /** Live as far as anybody knows, but a ping has stood unanswered for a while. */
  | { name: "suspect"; heartbeat: Heartbeat; steadyAt: number }
  /** Waiting for the clock, or, with null, for a fresh token. */
  | { name: "backoff"; retryAt: number | null }
  | { name: "offline"; retryAt: number }
  | { name: "closed"; code: number };

export type PhaseName = Phase["name"];

/** The room has been shown over this link; what is typed leaves at once. */
export type Live = Extract<Phase, { name: "live" | "suspect" }>;
/** There is a socket, and the server is heard over it or should be. */
export type Open = Extract<Phase, { name: "authenticating" | "syncing" | "live" | "suspect" }>;

export function isLive(phase: Phase): phase is Live {
  return phase.name === "live" || phase.name === "suspect";
}

export function isOpen(phase: Phase): phase is Open {
  return phase.name === "authenticating" || phase.name === "syncing" || isLive(phase);
}

/** Between attempts, and only the clock is awaited. */
export function isWaiting(phase: Phase): boolean {
  return phase.name === "offline" || (phase.name === "backoff" && phase.retryAt !== null);
}

/** `renewAt`: when a live link renews its token. */
export function alarmOf(phase: Phase, renewAt: number): number | null {
  switch (phase.name) {
    case "idle":
    case "closed":
      return null;
    case "connecting":
      return phase.deadline;
    case "authenticating":
      return Math.min(phase.deadline, phase.heartbeat.alarmAt);
    case "syncing":
      return phase.heartbeat.alarmAt;
    case "live":
      return Math.min(phase.heartbeat.alarmAt, phase.heartbeat.suspectAt, renewAt, phase.steadyAt);
    case "suspect":
      return Math.min(phase.heartbeat.alarmAt, renewAt, phase.steadyAt);
    case "backoff":
    case "offline":
      return phase.retryAt;
  }
}
