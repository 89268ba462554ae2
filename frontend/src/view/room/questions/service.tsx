/** A question's service: where the room's code reaches it, whether it runs, and its last error for interviewers. */
import type { Bodies } from "../../../../../protocol/ts/entries";
import { TextBlock } from "../../output/text-block";
import { CopyButton } from "../../parts/copy";
import { useDesk } from "../desk";

export function Service({ port, of }: { port: number; of: string }) {
  const { model } = useDesk();
  const address = `http://127.0.0.1:${port}`;
  const now = model.services.get(port);
  const fault = model.private.faults.get(port);
  return (
    <section class="question-service" aria-label={`Service of ${of}`}>
      <h4 class="question-part">Service</h4>
      <p class="question-line">
        <span class="mono">{address}</span>
        <CopyButton text={address} label="Copy" kind="quiet" />
      </p>
      <p
        class={now?.state === "failed" && model.endedAt === null ? "question-refused" : "caption muted"}
        role="status"
      >
        {model.endedAt === null ? inWords(now, fault !== undefined) : "Ended with the session"}
      </p>
      {fault !== undefined && (
        <details class="test-more">
          <summary class="caption">Its last error, which only interviewers see</summary>
          <TextBlock text={fault} />
        </details>
      )}
    </section>
  );
}

/** Whoever is shown its last error need not be told who is. */
function inWords(service: Bodies["service"] | undefined, shown: boolean): string {
  switch (service?.state) {
    case "running":
      return "Running, for code of this room alone";
    case "failed":
      return shown || service.detail === undefined ? "Not running" : `Not running: ${service.detail}`;
    default:
      return "Starts with the next run";
  }
}
