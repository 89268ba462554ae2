/** Looks at an invite before it is used: the room's title, the role it gives, who is there. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Invitation } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";

/**
 * `asking` for a moment, so that no form flashes up where none is needed; `unknown` where the answer takes longer,
 * or the server cannot be asked now: the join itself will tell.
 */
export type Look =
  | { is: "asking" }
  | { is: "unknown" }
  | { is: "good"; invitation: Invitation }
  | { is: "refused"; problem: ApiError };

/** ms that a page may stay empty. */
const MOMENT = 400;

export function useInvitation(invite: string): Look {
  const look = useSignal<Look>({ is: "asking" });
  useEffect(() => {
    if (invite === "") return;
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      if (look.value.is === "asking") look.value = { is: "unknown" };
    }, MOMENT);
    void ask(invite, leaving.signal).then((answer) => {
      if (!leaving.signal.aborted) look.value = answer;
    });
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
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
