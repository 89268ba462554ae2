/** What one person has on the table in a room: the model, the open files, the editor, and what stands over them. */
import { signal } from "@preact/signals";
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { EditorPane } from "../../panes/editor/editor";
import type { Ruff } from "../../panes/editor/language-client";
import type { Recovered } from "../../room/client";
import type { FileState } from "../../room/state";
import { shape, tab } from "./layout";
import type { RoomModel } from "./model";
import { OpenFiles } from "./open-files";

export type Sheet = "palette" | "keys" | "share" | "device" | null;

export class Desk {
  readonly model: RoomModel;
  readonly files = new OpenFiles();
  readonly pane = signal<EditorPane | null>(null);
  /** Ruff for the open file, once it can be asked. */
  readonly ruff = signal<Ruff | null>(null);
  /** The person whose caret the editor keeps in view. */
  readonly following = signal<string | null>(null);
  readonly sheet = signal<Sheet>(null);
  /** The editor takes the focus as soon as it stands; where a screen keyboard would come up, only when asked. */
  readonly editorNext = signal(matchMedia("(pointer: fine)").matches);
  /** A line to go to once its file is on the screen. */
  readonly target = signal<{ file: string; line: number } | null>(null);
  /** Runs queued up to this moment (µs) are hidden from this reader's output. */
  readonly clearedAt = signal(0);
  /** The last chat line that was seen. */
  readonly chatSeen = signal(0);
  /** The last question, or end of tests, that was seen (µs). */
  readonly questionsSeen = signal(0);
  /** The file list shows a name field: for a new file, or for the file being renamed. */
  readonly naming = signal<{ file: string | null } | null>(null);

  /** Somebody else was here, or the word about being alone was put away. */
  readonly notAlone = signal(false);

  /** The copy of lost text that its writer put aside for later. */
  readonly copyLaidBy = signal<Recovered | null>(null);

  /** Runs that were asked for and not answered yet, by what they run: pressed twice on a slow link, each runs once. */
  readonly asked = signal<ReadonlySet<string>>(new Set());

  /** The field of the console line while it stands; null where there is none. */
  readonly console = signal<HTMLTextAreaElement | null>(null);
  /** What this person typed there, oldest first; in memory alone. */
  typed: readonly string[] = [];

  /** When this page came (µs). */
  readonly openedAt: number;

  constructor(model: RoomModel) {
    this.model = model;
    this.openedAt = model.client.now();
  }

  get activeFile(): FileState | undefined {
    return this.file(this.files.active.value);
  }

  file(name: string | null): FileState | undefined {
    return this.model.files.find((file) => file.file === name);
  }

  show(file: string): void {
    this.files.show(file);
    if (shape.value === "narrow") tab.value = "code";
  }

  goTo(file: string, line: number): void {
    this.show(file);
    this.target.value = { file, line };
  }

  /** Keeps a line of the console, at most so many of them; the same line twice in a row is one. */
  remember(line: string, most: number): void {
    if (this.typed.at(-1) !== line) this.typed = [...this.typed, line].slice(-most);
  }

  follow(person: string | null): void {
    this.following.value = this.following.value === person ? null : person;
  }
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (desk === null)
    throw new Error("useDesk outside a room: every part of the room page stands under its context");
  return desk;
}
