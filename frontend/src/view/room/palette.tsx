/** The command palette: everything that can be done, found by a few letters. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { type Command, commands } from "./commands";
import { type Desk, useDesk } from "./desk";
import { written } from "./keys";

export function Palette() {
  const desk = useDesk();
  const dialog = useRef<HTMLDialogElement>(null);
  const query = useSignal("");
  const at = useSignal(0);
  const found = search(commands(desk), query.value);
  const chosen = Math.min(at.value, found.length - 1);
  // Before the next key is typed: an effect would come too late for it.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const pick = (command: Command | undefined) => {
    if (command === undefined) return;
    // Before the command acts: it may move the focus, which a page under a dialog cannot.
    dialog.current?.close();
    close(desk);
    command.act();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") at.value = Math.min(chosen + 1, found.length - 1);
    else if (event.key === "ArrowUp") at.value = Math.max(chosen - 1, 0);
    else if (event.key === "Enter") pick(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="dialog palette"
      aria-label="All commands"
      onCancel={(event) => {
        event.preventDefault();
        close(desk);
      }}
      onMouseDown={(event) => {
        if (event.target === dialog.current) close(desk);
      }}
    >
      <input
        class="palette-field"
        autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found[chosen] ? `command-${found[chosen].id}` : undefined}
        aria-label="Find a command"
        placeholder="What do you want to do?"
        spellcheck={false}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value;
          at.value = 0;
        }}
        onKeyDown={onKey}
      />
      <div class="palette-list scroll" id="palette-list" role="listbox" aria-label="Commands">
        {found.map((command, index) => (
          <Row key={command.id} command={command} chosen={index === chosen} pick={() => pick(command)} />
        ))}
        {found.length === 0 && <p class="palette-none muted">Nothing here is called that.</p>}
      </div>
    </dialog>
  );
}

function Row({ command, chosen, pick }: { command: Command; chosen: boolean; pick: () => void }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (chosen) element.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  return (
    // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the field above holds the focus
    <div
      ref={element}
      class="palette-row"
      role="option"
      id={`command-${command.id}`}
      aria-selected={chosen}
      onClick={pick}
    >
      <span class="palette-group caption faint">{command.group}</span>
      <span class="grow cut">{command.title}</span>
      {command.keys && <kbd>{written(command.keys)}</kbd>}
    </div>
  );
}

function close(desk: Desk): void {
  if (desk.sheet.value === "palette") desk.sheet.value = null;
}

/** Every word must occur; titles that begin with the first word come first. */
function search(all: readonly Command[], query: string): Command[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const hits = all.filter((command) => {
    const text = `${command.group} ${command.title}`.toLowerCase();
    return command.id !== "palette" && words.every((word) => text.includes(word));
  });
  const first = words[0];
  if (first === undefined) return hits;
  const begins = (command: Command) => Number(command.title.toLowerCase().startsWith(first));
  return hits.sort((a, b) => begins(b) - begins(a));
}
