/** The keys of the player: Space, arrows, J K L, brackets for runs, plus and minus for speed. */
import { useLayoutEffect } from "preact/hooks";
import { inField } from "../room/keys";
import { LEAP, NUDGE, type ReplayModel } from "./model";

export const KEYS = [
  ["Play or pause", "Space or K"],
  ["Back or on by 5 seconds", "← →"],
  ["Back or on by 10 seconds", "J L"],
  ["Previous or next edit", "Shift + ← →"],
  ["Previous or next run", "[ ]"],
  ["Slower or faster", "− +"],
  ["To the beginning or the end", "Home End"],
  ["All keys", "?"],
] as const;

export function useKeys(model: ReplayModel, showKeys: () => void): void {
  // Before the page is drawn: whoever sees the player may press its keys.
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || inField(event.target)) return;
      // A sheet over the page has keys of its own.
      if (document.querySelector("dialog[open]") !== null) return;
      const act = event.key === "?" ? showKeys : action(model, event);
      // On a button Space presses the button.
      if (act === null || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [model]);
}

function action(model: ReplayModel, event: KeyboardEvent): (() => void) | null {
  const edits = event.shiftKey;
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case " ":
    case "k":
      return () => model.toggle();
    case "j":
      return () => model.move(-LEAP);
    case "l":
      return () => model.move(LEAP);
    case "ArrowLeft":
      return () => (edits ? model.step("edits", -1) : model.move(-NUDGE));
    case "ArrowRight":
      return () => (edits ? model.step("edits", 1) : model.move(NUDGE));
    case "[":
      return () => model.step("runs", -1);
    case "]":
      return () => model.step("runs", 1);
    case "+":
    case "=":
      return () => model.changeSpeed(1);
    case "-":
      return () => model.changeSpeed(-1);
    case "Home":
      return () => model.seekPlayed(0);
    case "End":
      return () => model.seekPlayed(Number.MAX_SAFE_INTEGER);
    default:
      return null;
  }
}
