/** Who this tab was in a room, so that a reload comes back as the same participant; kept for the life of the tab. */

export interface Remembered {
  name: string;
  /** Answered by the join call; good only together with the invite. */
  resume: string;
}

/** The tab's history entry survives a reload even where storage throws; storage also survives a new visit in this tab. */
export function recallSeat(room: string): Remembered | null {
  return read(historyState()?.[key(room)]) ?? read(stored(room));
}

export function rememberSeat(room: string, seat: Remembered): void {
  history.replaceState({ ...historyState(), [key(room)]: seat }, "");
  try {
    sessionStorage.setItem(key(room), JSON.stringify(seat));
  } catch {
    // Blocked: the history entry is enough for a reload.
  }
}

export function forgetSeat(room: string): void {
  const { [key(room)]: _, ...rest } = historyState() ?? {};
  history.replaceState(rest, "");
  try {
    sessionStorage.removeItem(key(room));
  } catch {
    // Blocked: nothing was kept there.
  }
}

function key(room: string): string {
  return `fourhands.seat.${room}`;
}

function historyState(): Record<string, unknown> | null {
  const state: unknown = history.state;
  return typeof state === "object" && state !== null ? { ...state } : null;
}

function stored(room: string): unknown {
  try {
    return JSON.parse(sessionStorage.getItem(key(room)) ?? "null");
  } catch {
    return null;
  }
}

function read(value: unknown): Remembered | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, resume } = value as Partial<Remembered>;
  return typeof name === "string" && typeof resume === "string" ? { name, resume } : null;
}
