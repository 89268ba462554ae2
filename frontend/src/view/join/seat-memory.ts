/** Who this tab was in a room, so that a reload comes back as the same participant; kept for the life of the tab. */

export interface Remembered {
  name: string;
  /** Answered by the join call; good only together with the invite. */
  resume: string;
}

/** The tab's history entry survives a reload even where storage throws; storage also survives a new visit in this tab. */
export function recallSeat(invite: string): Remembered | null {
  return read(historyState()?.[key(invite)]) ?? read(stored(invite));
}

export function rememberSeat(invite: string, seat: Remembered): void {
  history.replaceState({ ...historyState(), [key(invite)]: seat }, "");
  try {
    sessionStorage.setItem(key(invite), JSON.stringify(seat));
  } catch {
    // Blocked: the history entry is enough for a reload.
  }
}

export function forgetSeat(invite: string): void {
  const { [key(invite)]: _, ...rest } = historyState() ?? {};
  history.replaceState(rest, "");
  try {
    sessionStorage.removeItem(key(invite));
  } catch {
    // Blocked: nothing was kept there.
  }
}

/** The invite without its secret: one tab may have been the candidate before, and be the interviewer now. */
function key(invite: string): string {
  const name = invite.slice(0, Math.max(0, invite.lastIndexOf(".")));
  return `fourhands.seat.${name}`;
}

function historyState(): Record<string, unknown> | null {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null ? { ...state } : null;
}

function stored(invite: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key(invite)) ?? "null");
  } catch {
    return null;
  }
}

function read(value: unknown): Remembered | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, resume } = value as Partial<Remembered>;
  return typeof name === "string" && typeof resume === "string" ? { name, resume } : null;
}
