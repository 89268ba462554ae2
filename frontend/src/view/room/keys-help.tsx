/** All keys on one sheet. */
import { Dialog } from "../parts/dialog";
import { commands } from "./commands";
import { useDesk } from "./desk";
import { written } from "./keys";

/** Keys that the editor itself knows. */
const EDITING = [
  ["Undo your own last change", "Mod-z"],
  ["Redo", "Mod-Shift-z"],
  ["Indent", "Tab"],
  ["Comment or uncomment", "Mod-/"],
  ["Move the line", "Alt-ArrowUp"],
  ["Let Tab leave the editor", "Escape"],
] as const;

export function KeysHelp() {
  const desk = useDesk();
  const listed = commands(desk).filter((command) => command.keys !== undefined);
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        desk.sheet.value = null;
      }}
    >
      <dl class="keys-list">
        {listed.map((command) => (
          <div key={command.id}>
            <dt>{command.title}</dt>
            <dd>
              <kbd>{written(command.keys ?? "")}</kbd>
            </dd>
          </div>
        ))}
        {EDITING.map(([title, keys]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <kbd>{keys === "Escape" ? "Esc, then Tab" : written(keys)}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
