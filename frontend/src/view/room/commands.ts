/** Everything that can be done, as one list: the palette shows it, the keys fire it, the help page prints it. */

import { nextTheme, theme } from "../theme";
import {
  copyAddress,
  currentRun,
  deleteFile,
  endSession,
  interrupt,
  removePerson,
  replayAddress,
  restart,
  runFile,
  runObstacle,
  runSelected,
} from "./deeds";
import type { Desk } from "./desk";
import { checkFile, tidyUp } from "./editor-help";
import { type Side, shape, sideShown, tab, toggleFiles, toggleSide, toggleSideByKey } from "./layout";

export interface Command {
  id: string;
  title: string;
  group: "Run" | "Files" | "View" | "People" | "Room";
  keys?: string;
  /** Absent: always possible. */
  when?: () => boolean;
  act: () => void;
}

export function commands(desk: Desk): Command[] {
  return [...running(desk), ...filing(desk), ...viewing(desk), ...meeting(desk), ...hosting(desk)].filter(
    (command) => command.when?.() ?? true,
  );
}

function running(desk: Desk): Command[] {
  const name = desk.activeFile?.path ?? "the file";
  // While the link is down too: the keys say so then. Left to the editor, they would put a line into the code.
  const may = () => desk.model.may("run");
  return [
    {
      id: "run",
      group: "Run",
      title: `Run ${name}`,
      keys: "Mod-Enter",
      when: may,
      act: () => void runFile(desk),
    },
    {
      id: "run-selection",
      group: "Run",
      title: "Run the selection, the cell or the line",
      keys: "Shift-Enter",
      when: may,
      act: () => void runSelected(desk),
    },
    {
      id: "stop",
      group: "Run",
      title: "Stop what is running",
      keys: "Mod-.",
      when: () => currentRun(desk) !== undefined && desk.model.may("interrupt"),
      act: () => void interrupt(desk),
    },
    {
      id: "restart",
      group: "Run",
      title: "Restart the kernel",
      when: () => runObstacle(desk) === null && desk.model.may("restart"),
      act: () => void restart(desk),
    },
    {
      id: "clear",
      group: "Run",
      title: "Clear the output for me",
      act: () => {
        desk.clearedAt.value = desk.model.client.now();
      },
    },
    ...testing(desk),
  ];
}

/** The tests of the room's questions; what does it comes with their panel. */
function testing(desk: Desk): Command[] {
  const { model } = desk;
  const can = () => runObstacle(desk) === null;
  return [...model.questions.values()].flatMap(({ question, title, tests }): Command[] =>
    tests === undefined
      ? []
      : [
          {
            id: `examples-${question}`,
            group: "Run",
            title: `Run the examples: ${title}`,
            when: () => can() && tests.examples.length > 0 && model.may("run"),
            act: () => void import("./questions/deeds").then((deeds) => deeds.runExamples(desk, question)),
          },
          {
            id: `tests-${question}`,
            group: "Run",
            title: `Run the hidden tests: ${title}`,
            when: () =>
              can() && model.may("tests.run") && (tests.run_by === "candidate" || model.may("question.add")),
            act: () => {
              if (!sideShown("questions")) toggleSide("questions");
              void import("./questions/deeds").then((deeds) => deeds.runTests(desk, question));
            },
          },
        ],
  );
}

function filing(desk: Desk): Command[] {
  const { model } = desk;
  const files = model.files.filter((file) => !file.deleted);
  const active = desk.activeFile;
  return [
    {
      id: "new-file",
      group: "Files",
      title: "New file",
      when: () => model.may("file.create"),
      act: () => name(desk, null),
    },
    {
      id: "rename-file",
      group: "Files",
      title: `Rename ${active?.path ?? "the file"}`,
      when: () => active !== undefined && !active.deleted && model.may("file.rename"),
      act: () => active && name(desk, active.file),
    },
    {
      id: "delete-file",
      group: "Files",
      title: `Delete ${active?.path ?? "the file"}`,
      when: () => active !== undefined && !active.deleted && files.length > 1 && model.may("file.delete"),
      act: () => void (active && deleteFile(desk, active.file)),
    },
    {
      id: "close-file",
      group: "Files",
      title: `Close the tab ${active?.path ?? ""}`,
      when: () => active !== undefined && desk.files.open.value.length > 1,
      act: () => active && desk.files.closeByHand(active.file),
    },
    {
      id: "tidy",
      group: "Files",
      title: `Tidy up ${active?.path ?? "the file"} (Ruff)`,
      keys: "Shift-Alt-f",
      when: () => model.may("edit") && model.help.formatting,
      act: () => void tidyUp(desk),
    },
    {
      id: "check",
      group: "Files",
      title: `Check ${active?.path ?? "the file"} (Ruff)`,
      keys: "Shift-Alt-c",
      when: () => model.may("edit") && model.help.formatting,
      act: () => void checkFile(desk),
    },
    {
      id: "find",
      group: "Files",
      title: "Find in the file",
      keys: "Mod-f",
      act: () => desk.pane.value?.openSearch(),
    },
    ...files.map(
      (file): Command => ({
        id: `open-${file.file}`,
        group: "Files",
        title: `Go to ${file.path}`,
        act: () => desk.show(file.file),
      }),
    ),
  ];
}

function name(desk: Desk, file: string | null): void {
  desk.naming.value = { file };
}

function viewing(desk: Desk): Command[] {
  return [
    { id: "files", group: "View", title: "Show or hide the files", keys: "Alt-1", act: toggleFiles },
    { id: "editor", group: "View", title: "Go to the editor", keys: "Alt-2", act: () => focusEditor(desk) },
    { id: "output", group: "View", title: "Go to the output", keys: "Alt-3", act: focusOutput },
    {
      id: "console",
      group: "View",
      title: "Go to the console",
      keys: "Alt-6",
      when: () => desk.model.may("run"),
      act: () => focusConsole(desk),
    },
    {
      id: "chat",
      group: "View",
      title: "Show or hide the chat",
      keys: "Alt-4",
      act: () => toSide(desk, "chat"),
    },
    {
      id: "people",
      group: "View",
      title: "Show or hide the people",
      keys: "Alt-5",
      act: () => toSide(desk, "people"),
    },
    {
      id: "questions",
      group: "View",
      title: "Show or hide the questions",
      keys: "Alt-7",
      act: () => toSide(desk, "questions"),
    },
    { id: "theme", group: "View", title: `Next theme (now: ${theme.value})`, act: nextTheme },
    { id: "keys", group: "View", title: "All keys", keys: "?", act: () => sheet(desk, "keys") },
    { id: "palette", group: "View", title: "All commands", keys: "Mod-k", act: () => sheet(desk, "palette") },
  ];
}

/** The focus goes along, and comes back when the panel goes. */
function toSide(desk: Desk, which: Side): void {
  const inside = document.activeElement?.closest(".side") != null;
  toggleSideByKey(which);
  if (inside && !sideShown(which)) focusEditor(desk);
}

function sheet(desk: Desk, which: "keys" | "palette"): void {
  desk.sheet.value = desk.sheet.value === which ? null : which;
}

export function focusEditor(desk: Desk): void {
  if (shape.value === "narrow") tab.value = "code";
  desk.pane.value?.focus();
}

function focusOutput(): void {
  if (shape.value === "narrow") tab.value = "output";
  const output = document.getElementById("output");
  // A program that waits for a line is what one goes there for.
  const goal = output?.querySelector<HTMLElement>(".prompt .field") ?? output;
  goal?.focus();
  // On a phone it is only now on its way to be shown.
  if (document.activeElement !== goal) requestAnimationFrame(() => goal?.focus());
}

function focusConsole(desk: Desk): void {
  if (shape.value === "narrow") tab.value = "output";
  requestAnimationFrame(() => desk.console.value?.focus());
}

function meeting(desk: Desk): Command[] {
  const { client, people } = desk.model;
  const others = [...people.values()].filter((person) => person.online && person.id !== client.person);
  return others.flatMap((person): Command[] => [
    {
      id: `follow-${person.id}`,
      group: "People",
      title: `${desk.following.value === person.id ? "Stop following" : "Follow"} ${person.name}`,
      act: () => desk.follow(person.id),
    },
    {
      id: `remove-${person.id}`,
      group: "People",
      title: `Remove ${person.name} from the room`,
      when: () => desk.model.may("remove"),
      act: () => void removePerson(desk, person.id),
    },
  ]);
}

function hosting(desk: Desk): Command[] {
  const { model } = desk;
  return [
    {
      id: "share",
      group: "Room",
      title: "Share this room",
      when: () => model.may("revoke"),
      act: () => {
        desk.sheet.value = "share";
      },
    },
    {
      id: "replay",
      group: "Room",
      title: "Watch the replay so far",
      // Beside the room: leaving it would leave behind what is not sent yet.
      act: () => void window.open(replayAddress(desk), "_blank", "noopener"),
    },
    { id: "address", group: "Room", title: "Copy my own link", act: () => void copyAddress() },
    {
      id: "device",
      group: "Room",
      title: "Continue on another device",
      act: () => {
        desk.sheet.value = "device";
      },
    },
    {
      id: "end",
      group: "Room",
      title: "End the session",
      when: () => model.may("end"),
      act: () => void endSession(desk),
    },
  ];
}
