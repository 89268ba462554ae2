/** The room's invite links, asked for once and again whenever one was revoked. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Links } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";
import type { Desk } from "./desk";

export type Fetched = { links: Links } | { refused: string } | null;

export function useLinks({ model }: Desk): Fetched {
  const fetched = useSignal<Fetched>(null);
  useEffect(() => {
    let gone = false;
    const settle = (answer: Fetched) => {
      if (!gone) fetched.value = answer;
    };
    new Api({ token: () => model.client.token }).links(model.room).then(
      (links) => settle({ links }),
      (problem: unknown) =>
        settle({ refused: problem instanceof ApiError ? problem.message : String(problem) }),
    );
    return () => {
      gone = true;
    };
  }, [model, model.revoked]);
  return fetched.value;
}
