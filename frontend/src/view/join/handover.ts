/** A link that takes one participant to another device: their invite and their seat, both in the fragment, which no server sees. */
import type { Remembered } from "./seat-memory";

/** Stands in no invite and in no resume. */
const MARK = "~";

export function handoverLink(room: string, invite: string, { name, resume }: Remembered): string {
  const fragment = [invite, resume, encodeURIComponent(name)].join(MARK);
  return `${location.origin}/r/${encodeURIComponent(room)}#${fragment}`;
}

/** The invite of a fragment, and the seat where one was handed over with it. */
export function readHandover(fragment: string): { invite: string; seat: Remembered | null } {
  const [invite = "", resume, name] = fragment.split(MARK);
  if (resume === undefined || name === undefined) return { invite, seat: null };
  try {
    return { invite, seat: { name: decodeURIComponent(name), resume } };
  } catch {
    return { invite, seat: null };
  }
}
