/** The run button: it says what will run and for whom, and turns into Stop with a clock while something runs. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, tick } from "../clock";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { currentRun, interrupt, isAsked, restart, runFile, runObstacle, runSelected, within } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { checkFile, tidyObstacle, tidyUp } from "./editor-help";
import { written } from "./keys";

export function RunBar() {
  const desk = useDesk();
  if (!desk.model.may("run")) return null;
  return (
    <div class="run-bar">
      {currentRun(desk) === undefined ? <RunButton desk={desk} /> : <StopButton desk={desk} />}
      <More desk={desk} />
    </div>
  );
}

function RunButton({ desk }: { desk: Desk }) {
  const file = desk.activeFile;
  const obstacle = runObstacle(desk);
  const name = file?.path.split("/").at(-1) ?? "";
  const asked = useLate(file !== undefined && isAsked(desk, file.file));
  return (
    <button
      type="button"
      class="button primary run-button"
      disabled={file === undefined || file.deleted || obstacle !== null || asked}
      aria-busy={asked}
      title={
        obstacle ?? `${written("Mod-Enter")} runs ${name} on the shared kernel; everyone sees the output`
      }
      onClick={() => void runFile(desk)}
    >
      <Icon name="play" />
      <span class="cut">
        {asked ? "Sending" : "Run"}
        <span class="run-name"> {name}</span>
      </span>
      <span class="run-audience">{audience(desk)}</span>
    </button>
  );
}

/** The link takes its time; on a good one the run is there before anybody could read a word. */
const SLOW_MS = 400;

function useLate(now: boolean): boolean {
  const late = useSignal(false);
  useEffect(() => {
    if (!now) {
      late.value = false;
      return;
    }
    const timer = setTimeout(() => {
      late.value = true;
    }, SLOW_MS);
    return () => clearTimeout(timer);
  }, [now]);
  return late.value;
}

/** Everybody in the room sees the same run. */
function audience(desk: Desk): string {
  const here = [...desk.model.people.values()].filter((person) => person.online).length;
  if (here <= 1) return "for you";
  return here === 2 ? "for you both" : `for all ${here}`;
}

function StopButton({ desk }: { desk: Desk }) {
  const run = currentRun(desk);
  void tick.value;
  const waiting = run?.status === "queued";
  const since = run?.startedAt ?? run?.queuedAt ?? 0;
  return (
    <button
      type="button"
      class="button stop-button run-button"
      disabled={!within(desk)}
      title={`${written("Mod-.")} stops it`}
      onClick={() => void interrupt(desk)}
    >
      <Icon name="square" />
      {waiting ? "Starting…" : "Stop"}
      <span class="run-clock">{clock((desk.model.client.now() - since) / 1000)}</span>
    </button>
  );
}

/** What Ruff does with the open file, where the room has it. */
function tidying(desk: Desk) {
  if (!desk.model.help.formatting) return [];
  const blocked = tidyObstacle(desk) !== null;
  return [
    {
      label: "Tidy up (Ruff)",
      hint: written("Shift-Alt-f"),
      disabled: blocked,
      pick: () => void tidyUp(desk),
    },
    {
      label: "Check (Ruff)",
      hint: written("Shift-Alt-c"),
      disabled: blocked,
      pick: () => void checkFile(desk),
    },
  ];
}

function More({ desk }: { desk: Desk }) {
  const blocked = runObstacle(desk) !== null;
  const busy = currentRun(desk) !== undefined;
  const after = busy ? " after this" : "";
  const choices = [
    {
      label: `Run file${after}`,
      hint: written("Mod-Enter"),
      disabled: blocked,
      pick: () => void runFile(desk),
    },
    {
      label: `Run selection or cell${after}`,
      hint: written("Shift-Enter"),
      disabled: blocked,
      pick: () => void runSelected(desk),
    },
    { label: "Stop", hint: written("Mod-."), disabled: !busy, pick: () => void interrupt(desk) },
    { label: "Restart kernel", disabled: blocked, pick: () => void restart(desk) },
    ...tidying(desk),
  ];
  return (
    <Menu label="More ways to run, and to tidy up" choices={choices} class="button quiet square run-more">
      <Icon name="chevron-down" />
    </Menu>
  );
}
