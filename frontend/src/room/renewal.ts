// A fresh token, got by the invite, for a link whose own has expired.

import { ApiError } from "./api";
import type { Event } from "./events";

const REMOVED = "You were removed from this room.";

/** What the session is to be told; `removed`: joining again would bring somebody back whom the room has just shown out. */
export async function renewed(
  join: () => Promise<string>,
  { removed }: { removed: boolean },
): Promise<Event> {
  if (removed) return { type: "no-token", final: true, reason: REMOVED };
  try {
    return { type: "token", token: await join() };
  } catch (error) {
    const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
    const reason = error instanceof Error ? error.message : "The server could not be reached.";
    return { type: "no-token", final: refused, reason };
  }
}
