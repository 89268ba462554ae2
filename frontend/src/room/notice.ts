// What a client tells the user of its own accord: short, plain, and what it means for the work.

import type { Op, Pending } from "./outbox";

export interface Notice {
  tone: "info" | "good" | "warning";
  code: string;
  text: string;
}

export function back(sent: number): Notice {
  return { tone: "good", code: "back", text: `Back. ${changes(sent)} sent.` };
}

export const TOO_LARGE: Notice = {
  tone: "warning",
  code: "too-large",
  text: "That was more than 256 KB in one step, which the room cannot take. It was taken back; a copy is kept here.",
};

export const RECOVERED: Notice = {
  tone: "warning",
  code: "recovered",
  text: "Some of what you typed could not be put into the room. A copy of it is kept here.",
};

export const TOO_LATE: Notice = {
  tone: "warning",
  code: "ended",
  text: "The session ended before your last changes arrived. They are not in the recording; this page keeps them.",
};

export const FULL: Notice = {
  tone: "warning",
  code: "full",
  text: "Very many changes are waiting for the link. Typing pauses here until they are sent.",
};

/** Of what an earlier page asked for. */
export function perhapsDone(ops: readonly Pending[]): Notice {
  const kinds = [...new Set(ops.map(({ op }) => WORDS[op.kind] ?? "something else"))].join(", ");
  const text = `Before this page was loaded, you asked for something that may not have been done (${kinds}). Look before you ask again.`;
  return { tone: "warning", code: "uncertain", text };
}

const WORDS: Partial<Record<Op["kind"], string>> = {
  chat: "a chat message",
  run: "a run",
  "run.cancel": "taking a run back",
  input: "an input",
  interrupt: "stopping a run",
  restart: "restarting the kernel",
  "file.create": "a new file",
  "file.rename": "renaming a file",
  "file.delete": "deleting a file",
  end: "ending the session",
};

/** Null where the caller's own promise tells it. */
export function refusal({ op }: Pending, code: string, message: string): Notice | null {
  if (op.kind !== "edit" && op.kind !== "relay") return null;
  return code === "ended" ? TOO_LATE : { tone: "warning", code, text: message };
}

function changes(count: number): string {
  return count === 1 ? "1 change" : `${count} changes`;
}
