/** The keys of the room: those of its commands, and those that the editor itself knows. */
import { KeysDialog } from "../parts/keys-dialog";
import { commands } from "./commands";
import { useDesk } from "./desk";
import { written } from "./keys";

const EDITING = [
  ["Undo your own last change", written("Mod-z")],
  ["Redo", written("Mod-Shift-z")],
  ["Indent", written("Tab")],
  ["Comment or uncomment", written("Mod-/")],
  ["Move the line", written("Alt-ArrowUp")],
  ["Complete the name", "Ctrl + Space"],
  ["Explain the name at the caret", written("Alt-i")],
  ["Show the parameters of the call", written("Mod-Shift-Space")],
  ["Go to the next finding", "F8"],
  ["Leave the editor", "Esc, then Tab"],
] as const;

export function KeysHelp() {
  const desk = useDesk();
  const listed = commands(desk).flatMap(({ title, keys }) =>
    keys === undefined ? [] : [[title, written(keys)] as const],
  );
  const close = () => {
    desk.sheet.value = null;
  };
  return <KeysDialog keys={[...listed, ...EDITING]} onClose={close} />;
}
