/** The runs that wait, in order: everybody sees them, whoever may takes one back. */
import type { FileState, Person, RunState } from "../../room/state";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { whatRan } from "./where";

/** What has begun, or is about to, and what waits behind it. */
export function inTurn(runs: readonly RunState[]): { begun: RunState[]; waiting: RunState[] } {
  const current = runs.find((run) => run.status === "running") ?? runs.find((run) => run.status === "queued");
  const waits = (run: RunState) => run.status === "queued" && run !== current;
  return { begun: runs.filter((run) => !waits(run)), waiting: runs.filter(waits) };
}

interface QueueProps {
  waiting: readonly RunState[];
  files: readonly FileState[];
  people: ReadonlyMap<string, Person>;
  /** Answers what takes a run back; null where the reader may not. */
  cancel: (run: RunState) => (() => void) | null;
}

export function Queue({ waiting, files, people, cancel }: QueueProps) {
  if (waiting.length === 0) return null;
  return (
    <section class="queue" aria-label="Waiting to run">
      <h3 class="queue-title caption">Next</h3>
      <ol class="queue-list scroll">
        {waiting.map((run) => (
          <Waiting key={run.run} run={run} files={files} people={people} back={cancel(run)} />
        ))}
      </ol>
    </section>
  );
}

interface WaitingProps extends Pick<QueueProps, "files" | "people"> {
  run: RunState;
  back: (() => void) | null;
}

function Waiting({ run, files, people, back }: WaitingProps) {
  const person = people.get(run.by);
  const name = person?.name ?? "Someone";
  const what = whatRan(run, files);
  return (
    <li class="queue-row">
      <Avatar name={name} colour={person?.colour ?? 0} size="s" />
      <span class="grow cut">
        {name} <span class="mono run-what">{what}</span>
      </span>
      {back !== null && (
        <button
          type="button"
          class="button quiet square small"
          aria-label={`Take back ${what}`}
          title="Take it back"
          onClick={back}
        >
          <Icon name="x" size={14} />
        </button>
      )}
    </li>
  );
}
