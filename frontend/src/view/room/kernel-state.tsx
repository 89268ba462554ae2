/** One dot and one word for the kernel that the room shares, and what it runs on where that was chosen. */
import type { KernelPhase } from "../../../../protocol/ts/entries";
import { useDesk } from "./desk";

const WORDS: Record<KernelPhase, { words: string; tone: string }> = {
  none: { words: "Python starts with the first run", tone: "off" },
  starting: { words: "Python is starting", tone: "busy" },
  idle: { words: "Python is ready", tone: "ready" },
  busy: { words: "Python is busy", tone: "busy" },
  dead: { words: "Python ended; the next run starts it", tone: "bad" },
  unavailable: { words: "No Python here", tone: "bad" },
};

const USUAL = "default";

export function KernelState() {
  const { kernel, endedAt, environment, noKernel } = useDesk().model;
  const { detail } = kernel;
  const state = noKernel.value === null ? kernel.state : "unavailable";
  const { words, tone } = WORDS[state];
  if (endedAt !== null) return null;
  const said = state === "unavailable" && detail ? `${words}: ${detail}` : words;
  return (
    <span class="kernel caption" data-tone={tone} title={`${detail ?? words} (environment: ${environment})`}>
      <span class="kernel-dot" />
      <span class="cut">{said}</span>
      {environment !== USUAL && <span class="kernel-on cut">· {environment}</span>}
    </span>
  );
}
