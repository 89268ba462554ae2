/** How a run ended, in words: who or what stopped it, how far that had to go, and whether the variables are still there. */
import type { RunState } from "../../room/state";

/** `45 s`, `2 min`, `1 h`, of a room's time limit. */
export function limitWords(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}

/** What there is to say besides the status; null for a run that ended by itself. */
export function endNote(run: RunState, nameOf: (person: string) => string): string | null {
  switch (run.status) {
    case "interrupted":
      return run.startedAt === undefined ? null : `${stopper(run, nameOf)}${means(run)}`;
    case "timeout": {
      const limit =
        run.limit === undefined ? "the time limit" : `${limitWords(run.limit)}, the limit of this room`;
      return `Stopped after ${limit}${means(run)}`;
    }
    case "aborted":
      return notRun(run, nameOf);
    case "kernel_died":
      // Its error says why, and no variables were there to lose.
      if (run.outputs.some((one) => one.output_type === "error" && one.ename === "KernelUnavailable"))
        return null;
      return "Python ended in the middle of this run, and its variables are gone. The next run starts it again.";
    default:
      return null;
  }
}

function stopper(run: RunState, nameOf: (person: string) => string): string {
  return run.stoppedBy === undefined ? "It was stopped" : `${nameOf(run.stoppedBy)} stopped it`;
}

function means({ stop }: RunState): string {
  switch (stop) {
    case "message":
      return ". Variables are kept.";
    case "signal":
      return "; it took a signal. Variables are kept.";
    case "replaced":
      return ". The code heeded neither message nor signal, so Python was started anew: variables are gone.";
    default:
      return ".";
  }
}

function notRun(run: RunState, nameOf: (person: string) => string): string {
  if (run.takenBackBy !== undefined) return `${nameOf(run.takenBackBy)} took it back before it ran.`;
  return run.startedAt === undefined
    ? "It still waited when Python was restarted or the session ended."
    : "Python was restarted in the middle of this run; its variables are gone.";
}
