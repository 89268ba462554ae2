/** Looks at an invite before it is used: the room's title, the role it gives, who is there. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Invitation } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";

/** `unknown` while the answer is awaited, and where the server cannot be asked now: the join itself will tell. */
export type Look =
  | { is: "unknown" }
  | { is: "good"; invitation: Invitation }
  | { is: "refused"; problem: ApiError };

export function useInvitation(invite: string): Look {
  const look = useSignal<Look>({ is: "unknown" });
  useEffect(() => {
    if (invite === "") return;
    const leaving = new AbortController();
    void ask(invite, leaving.signal).then((answer) => {
      if (!leaving.signal.aborted) look.value = answer;
    });
    return () => leaving.abort();
  }, [invite]);
  return look.value;
}

async function ask(invite: string, signal: AbortSignal): Promise<Look> {
  try {
    return { is: "good", invitation: await new Api().invitation(invite, signal) };
  } catch (problem) {
    const refused = problem instanceof ApiError && [403, 404, 410].includes(problem.status);
    return refused ? { is: "refused", problem } : { is: "unknown" };
  }
}
