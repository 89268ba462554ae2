// A fresh token, got by the invite, for a link whose own has expired.

import { ApiError } from "./api";
import type { Clock } from "./clock";
import type { Event } from "./events";

/** A call over a dead network may hang for minutes. */
const PATIENCE_MS = 10_000;

const REMOVED = "You were removed from this room.";

interface RenewalOptions {
  clock: Clock;
  /** Joining again would bring somebody back whom the room has just shown out. */
  removed: boolean;
}

/** What the session is to be told. */
export async function renewed(
  join: () => Promise<string>,
  { clock, removed }: RenewalOptions,
): Promise<Event> {
  if (removed) return { type: "no-token", final: true, reason: REMOVED };
  const hangs = new Promise<never>((_, reject) => {
    clock.alarm(clock.now() + PATIENCE_MS, () => reject(new Error("The server does not answer.")));
  });
  try {
    return { type: "token", token: await Promise.race([join(), hangs]) };
  } catch (error) {
    const refused = error instanceof ApiError && isFinal(error.status);
    const reason = error instanceof Error ? error.message : "The server could not be reached.";
    return { type: "no-token", final: refused, reason };
  }
}

/** A server that is busy may say yes the next time. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
