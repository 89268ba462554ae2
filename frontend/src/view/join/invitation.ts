/** Looks at an invite before it is used: the room's title, the role it gives, who is there. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../../../../protocol/ts/api";
import type { Role } from "../../../../protocol/ts/roles";
import { ApiError } from "../../room/api";

export interface Invitation {
  room: string;
  title: string;
  role: Role;
  ended: boolean;
  people: readonly { name: string; role: Role }[];
}

/** `unknown` while the answer is awaited, and where the server cannot be asked now: the join itself will tell. */
export type Look =
  | { is: "unknown" }
  | { is: "good"; invitation: Invitation }
  | { is: "refused"; problem: ApiError };

export function useInvitation(invite: string): Look {
  const look = useSignal<Look>({ is: "unknown" });
  useEffect(() => {
    if (invite === "") return;
    const gone = new AbortController();
    void ask(invite, gone.signal).then((answer) => {
      if (!gone.signal.aborted) look.value = answer;
    });
    return () => gone.abort();
  }, [invite]);
  return look.value;
}

async function ask(invite: string, signal: AbortSignal): Promise<Look> {
  try {
    const response = await fetch("/api/invite", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ invite }),
      credentials: "omit",
      signal,
    });
    const body: unknown = await response.json();
    if (response.ok) return { is: "good", invitation: body as Invitation };
    const known = response.status === 403 || response.status === 404 || response.status === 410;
    return known ? { is: "refused", problem: new ApiError(body as Problem) } : { is: "unknown" };
  } catch {
    return { is: "unknown" };
  }
}
