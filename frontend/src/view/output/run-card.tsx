/** One run: who ran what, when, how long, how it ended; its outputs; and the prompt while it waits for input. */
import { useSignal } from "@preact/signals";
import type { RunState } from "../../room/state";
import { clock, span, timeOfDay } from "../clock";
import { Avatar } from "../parts/avatar";
import { Icon, type IconName } from "../parts/icon";
import { endNote } from "./ends";
import { LeftOut } from "./left-out";
import { Dropped, OutputItem } from "./output-item";
import { Prompt } from "./prompt";
import type { Place } from "./traceback";

export interface RunCardProps {
  run: RunState;
  by: { name: string; colour: number };
  /** What ran, in words: `main.py`, `main.py, lines 4–9`. */
  what: string;
  /** Goes to where it stands in its file; null where it stands nowhere. */
  go: (() => void) | null;
  nameOf: (person: string) => string;
  /** The room's clock in µs, for the time of a run that is not over. */
  now: number;
  paths: ReadonlySet<string>;
  jump: (place: Place) => (() => void) | null;
  /** Sends an answer to `input()`; absent where the reader may not. */
  answer?: ((text: string) => Promise<string | null>) | undefined;
  /** Reads the outputs that were left out when this page came. */
  show?: (() => Promise<string | null>) | undefined;
}

const ENDS: Record<RunState["status"], { icon: IconName; words: string; tone: string }> = {
  queued: { icon: "clock", words: "Waiting", tone: "calm" },
  running: { icon: "play", words: "Running", tone: "live" },
  ok: { icon: "check", words: "Done", tone: "good" },
  error: { icon: "circle-x", words: "Error", tone: "bad" },
  interrupted: { icon: "square", words: "Stopped", tone: "warn" },
  aborted: { icon: "square", words: "Not run", tone: "warn" },
  timeout: { icon: "clock", words: "Took too long", tone: "bad" },
  kernel_died: { icon: "triangle-alert", words: "Python ended", tone: "bad" },
};

export function RunCard({ run, by, what, go, nameOf, now, paths, jump, answer, show }: RunCardProps) {
  const end = ENDS[run.status];
  const note = endNote(run, nameOf);
  const marked = run.outputs.some((output) => output.output_type === "dropped");
  return (
    <article class="run" data-status={run.status} aria-label={`${by.name} ran ${what}`}>
      <header class="run-head">
        <Avatar name={by.name} colour={by.colour} size="s" />
        <span class="run-who cut" title={`${by.name} ran ${what}`}>
          <strong>{by.name}</strong> {neverRan(run) ? "queued" : "ran"} {run.console && "in the console"}
          {!run.console && go === null && <span class="mono run-what">{what}</span>}
          {go !== null && (
            <button type="button" class="mono run-what run-go" onClick={go}>
              {what}
            </button>
          )}
        </span>
        <span class="run-facts">
          {run.count !== undefined && (
            <span class="caption faint mono" title="Execution count">
              In[{run.count}]
            </span>
          )}
          <time class="caption faint run-time">{timeOfDay(run.queuedAt)}</time>
          <span class={`run-status run-${end.tone}`}>
            <Icon name={end.icon} size={14} />
            {end.words}
            <span class="run-clock">{duration(run, now)}</span>
          </span>
        </span>
      </header>
      <div class="run-body">
        {run.console && <Typed code={run.code ?? ""} />}
        {run.leftOut !== undefined && <LeftOut count={run.leftOut} show={show} />}
        <Outputs run={run} paths={paths} jump={jump} />
        {run.dropped > 0 && !marked && <Dropped bytes={run.dropped} />}
        {run.status === "ok" && isEmpty(run) && <p class="out-note">No output.</p>}
        {note !== null && <p class="out-note">{note}</p>}
        {run.input && <Prompt key={run.outputs.length} run={run.run} ask={run.input} answer={answer} />}
      </div>
    </article>
  );
}

function isEmpty(run: RunState): boolean {
  return run.outputs.length === 0 && run.leftOut === undefined;
}

function neverRan(run: RunState): boolean {
  return run.finishedAt !== undefined && run.startedAt === undefined;
}

/** Outputs on the page at a time; a run may have a thousand. */
const OUTPUTS = 60;

function Outputs({ run, paths, jump }: Pick<RunCardProps, "run" | "paths" | "jump">) {
  const most = useSignal(OUTPUTS);
  const first = Math.max(0, run.outputs.length - most.value);
  return (
    <>
      {first > 0 && (
        <button
          type="button"
          class="button quiet small out-earlier"
          onClick={() => {
            most.value += OUTPUTS;
          }}
        >
          Show earlier outputs ({first.toLocaleString("en")})
        </button>
      )}
      {run.outputs.slice(first).map((output, at) => (
        <OutputItem
          key={first + at}
          output={output}
          stopped={run.status === "interrupted" || run.status === "timeout"}
          paths={paths}
          jump={jump}
        />
      ))}
    </>
  );
}

/** As the prompt of a console shows it. */
function Typed({ code }: { code: string }) {
  return (
    <pre class="typed mono">
      {code.split("\n").map((line, at) => (
        <div key={at} class="typed-line">
          <span class="typed-mark" aria-hidden="true">
            {at === 0 ? ">>> " : "... "}
          </span>
          {line}
        </div>
      ))}
    </pre>
  );
}

/** µs in the log, ms in words. */
function duration(run: RunState, now: number): string {
  if (neverRan(run)) return "";
  if (run.duration !== undefined) return span(run.duration / 1000);
  if (run.status !== "running") return "";
  const passed = clock((now - (run.startedAt ?? run.queuedAt)) / 1000);
  return run.limit === undefined ? passed : `${passed} of ${clock(run.limit * 1000)}`;
}
