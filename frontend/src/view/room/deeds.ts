/** What a person can do in a room, each with its refusal told in words; buttons, keys and the palette all call these. */
import type { Selected } from "../../panes/editor/cells";
import type { OpResult, RunRequest } from "../../room/client";
import type { RunState } from "../../room/state";
import { confirm } from "../parts/confirm";
import { copyText } from "../parts/copy";
import { notify } from "../parts/notices";
import type { Desk } from "./desk";
import { shape, tab } from "./layout";

/** The run that has the kernel, or else the first that waits for it. */
export function currentRun(desk: Desk): RunState | undefined {
  const { runs } = desk.model;
  return runs.find((run) => run.status === "running") ?? runs.find((run) => run.status === "queued");
}

/** Those that wait behind it, in order. */
export function waitingRuns(desk: Desk): RunState[] {
  const current = currentRun(desk);
  return desk.model.runs.filter((run) => run.status === "queued" && run !== current);
}

/** The room is told at once what is done here; on a link that may have dropped, perhaps. */
export function within({ model }: Desk): boolean {
  const { phase } = model.link.value;
  return phase === "live" || phase === "suspect";
}

/** Why nothing can be run now, in words; null when it can. */
export function runObstacle(desk: Desk): string | null {
  const { model } = desk;
  if (model.endedAt !== null) return "This session has ended.";
  if (!model.may("run")) return "Observers cannot run code.";
  if (!within(desk)) return "Code can be run when the link is back.";
  if (model.noKernel.value !== null) return model.noKernel.value;
  return null;
}

export async function runFile(desk: Desk): Promise<void> {
  const file = desk.activeFile;
  if (file === undefined || file.deleted || !ready(desk)) return;
  await askOnce(desk, { file: file.file }, "The file was not run");
}

/** Pressed again before the answer is here, on a slow link, it is the same wish. True when it was taken. */
async function askOnce(desk: Desk, what: RunRequest, failed: string): Promise<boolean> {
  const wish = wishOf(what);
  if (desk.asked.value.has(wish)) return false;
  desk.asked.value = new Set([...desk.asked.value, wish]);
  const done = await told(desk.model.client.run(what), failed);
  desk.asked.value = new Set([...desk.asked.value].filter((one) => one !== wish));
  return done;
}

/** The run of this file is on its way to the server. */
export function isAsked(desk: Desk, file: string): boolean {
  return desk.asked.value.has(wishOf({ file }));
}

function wishOf(what: RunRequest): string {
  return JSON.stringify(what);
}

/** The selection, the cell or the line; the caret moves on to the next, so that the same key goes through the file. */
export async function runSelected(desk: Desk): Promise<void> {
  const pane = desk.pane.value;
  if (pane === null) return;
  const what = pane.selected();
  if (what === null) {
    if (!pane.moveOn()) notify("There is no code here to run.");
  } else if (ready(desk)) {
    pane.moveOn();
    await askForPart(desk, what);
  }
}

/** A cell, by its button. */
export async function runPart(desk: Desk, what: Selected): Promise<void> {
  if (ready(desk)) await askForPart(desk, what);
}

async function askForPart(desk: Desk, { code, firstLine }: Selected): Promise<void> {
  const file = desk.activeFile;
  if (file === undefined || file.deleted) return;
  await askOnce(desk, { file: file.file, code, firstLine }, "This part was not run");
}

/** Answers whether the line was taken. */
export async function runLine(desk: Desk, code: string): Promise<boolean> {
  return ready(desk) && (await askOnce(desk, { code, console: true }, "The line was not run"));
}

/** While something runs, the next waits for it. */
function ready(desk: Desk): boolean {
  const obstacle = runObstacle(desk);
  if (obstacle !== null) notify(obstacle);
  else if (shape.value === "narrow") tab.value = "output";
  return obstacle === null;
}

/** One's own, and for whoever leads the interview anybody's. */
export function mayCancel({ model }: Desk, run: RunState): boolean {
  const leads = model.client.role === "interviewer" || model.client.role === "host";
  return model.may("run.cancel") && (leads || run.by === model.client.person);
}

export async function cancelRun(desk: Desk, run: RunState): Promise<void> {
  await told(desk.model.client.cancelRun(run.run), "The run was not taken back");
}

export async function interrupt(desk: Desk): Promise<void> {
  if (currentRun(desk) === undefined || !desk.model.may("interrupt")) return;
  await told(desk.model.client.interrupt(), "The run was not stopped");
}

export async function restart(desk: Desk): Promise<void> {
  const { kernel } = desk.model;
  if (kernel.state === "idle" || kernel.state === "busy") {
    const text = "All variables and imports are lost, for everyone in the room. The files stay as they are.";
    if (!(await confirm("Restart the kernel?", text, "Restart"))) return;
  }
  await told(desk.model.client.restart(), "The kernel was not restarted");
}

export async function deleteFile(desk: Desk, file: string): Promise<void> {
  const path = desk.file(file)?.path ?? file;
  const text = "It disappears for everyone. Its history stays in the recording.";
  if (!(await confirm(`Delete ${path}?`, text, "Delete"))) return;
  if (await told(desk.model.client.deleteFile(file), `${path} was not deleted`)) desk.files.close(file);
}

export async function endSession(desk: Desk): Promise<void> {
  const text =
    "Editing and running stop for everyone, and the recording is closed. Everyone can still read and replay it.";
  if (!(await confirm("End this session?", text, "End session"))) return;
  await told(desk.model.client.end(), "The session was not ended");
}

export async function removePerson(desk: Desk, person: string): Promise<void> {
  const name = desk.model.person(person)?.name ?? "this person";
  const text =
    "They are shown out at once. With the same link they can come in again, as somebody new; Share has a button to replace it.";
  if (!(await confirm(`Remove ${name}?`, text, "Remove"))) return;
  await told(desk.model.client.remove(person), `${name} was not removed`);
}

/** With one's own invite: whoever may be in the room may see it again. */
export function replayAddress({ model }: Desk): string {
  return `/replay/${encodeURIComponent(model.room)}#${model.invite}`;
}

export async function copyAddress(): Promise<void> {
  const done = await copyText(location.href);
  if (done) notify("Your own link to this room is on the clipboard.", "good");
  else notify("The clipboard is closed to this page.", "warning");
}

/** True when it was done; else says what was not, and why. */
async function told(doing: Promise<OpResult>, failed: string): Promise<boolean> {
  const result = await doing;
  if (!result.ok) notify(`${failed}. ${result.message}`, "warning");
  return result.ok;
}
