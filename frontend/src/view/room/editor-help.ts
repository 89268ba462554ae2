/** Brings the editor's help to the editor on the screen: fetched when the page has nothing else to do, one link for all files. */
import { useEffect } from "preact/hooks";
import type { LanguageHelp, Ruff } from "../../panes/editor/language-client";
import type { FileState } from "../../room/state";
import { notify } from "../parts/notices";
import { type Desk, useDesk } from "./desk";

const PYTHON = /\.pyi?$/i;
const helps = new WeakMap<Desk, Promise<LanguageHelp>>();

/** Whether this person may have any in this room. */
export function mayHelp({ model }: Desk): boolean {
  return model.may("edit") && Object.values(model.help).some(Boolean);
}

function helpOf(desk: Desk): Promise<LanguageHelp> {
  const known = helps.get(desk);
  if (known !== undefined) return known;
  const { room, client, help } = desk.model;
  const made = idle()
    .then(() => import("../../panes/editor/language-client"))
    .then(({ LanguageHelp }) => {
      const scheme = location.protocol === "https:" ? "wss" : "ws";
      const url = `${scheme}://${location.host}/api/rooms/${room}/language`;
      const may = () => client.link.phase === "live";
      return new LanguageHelp({ url, help, may, token: () => client.token });
    });
  helps.set(desk, made);
  // It could not be fetched: the editor is as good as before, and the next file that is opened tries again.
  made.catch(() => helps.delete(desk));
  return made;
}

/** The help of a room goes with its page. */
export function closeHelp(desk: Desk): void {
  const made = helps.get(desk);
  helps.delete(desk);
  void made?.then(
    (help) => help.close(),
    () => {},
  );
}

/** Typing comes first: after the editor stands and the room is there. */
function idle(): Promise<void> {
  return new Promise((resolve) => {
    if ("requestIdleCallback" in window) requestIdleCallback(() => resolve(), { timeout: 2000 });
    else setTimeout(resolve, 300);
  });
}

export function useEditorHelp(file: FileState): void {
  const desk = useDesk();
  const pane = desk.pane.value;
  const wanted = pane !== null && mayHelp(desk) && desk.model.client.writable && PYTHON.test(file.path);
  useEffect(() => {
    if (!wanted) return;
    let detach: (() => void) | null = null;
    let gone = false;
    void helpOf(desk).then(
      (help) => {
        if (gone) return;
        const attached = help.attach({
          view: pane.view,
          path: file.path,
          set: (extension) => pane.setHelp(extension),
          apart: () => pane.apart(),
        });
        detach = attached.detach;
        desk.ruff.value = attached.ruff;
      },
      () => {},
    );
    return () => {
      gone = true;
      desk.ruff.value = null;
      detach?.();
    };
  }, [pane, wanted, file.path]);
}

/** Why Ruff cannot be asked about the open file; null where it can. */
export function tidyObstacle(desk: Desk): string | null {
  const { model } = desk;
  const file = desk.activeFile;
  if (!model.may("edit")) return "Observers cannot change the text.";
  if (!model.help.formatting) return "This room does without Ruff.";
  if (file === undefined || file.deleted || !PYTHON.test(file.path)) return "Ruff knows Python files only.";
  if (desk.ruff.value === null) return "The editor's help is not connected yet. Try again in a moment.";
  return null;
}

export async function tidyUp(desk: Desk): Promise<void> {
  const ruff = ready(desk);
  if (ruff === null) return;
  const name = desk.activeFile?.path ?? "The file";
  const done = await ruff.tidy();
  if (!done.ok) notify(`${name} was left as it is. ${sentence(done.why)}`, "warning");
  else if (done.edits === 0) notify(`${name} is tidy.`, "good");
  else notify(`${name} was tidied up: ${count(done.edits, "place")} changed.`, "good");
}

export async function checkFile(desk: Desk): Promise<void> {
  const ruff = ready(desk);
  if (ruff === null) return;
  const found = await ruff.check();
  const name = desk.activeFile?.path ?? "the file";
  if (found === null) notify("Ruff did not answer. Try again in a moment.", "warning");
  else if (found === 0) notify(`Ruff finds nothing to say about ${name}.`, "good");
  else notify(`Ruff marks ${count(found, "place")} in ${name}.`);
}

function ready(desk: Desk): Ruff | null {
  const obstacle = tidyObstacle(desk);
  if (obstacle !== null) notify(obstacle);
  return obstacle === null ? desk.ruff.value : null;
}

/** Ruff's words, as a sentence: "line 4:15: Expected `)`" has its column for machines. */
function sentence(words: string): string {
  const plain = words.replace(/^line (\d+):\d+:/, "Line $1:");
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}${/[.!?]$/.test(plain) ? "" : "."}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
