/** The open files as tabs: arrows move, the cross closes. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../parts/icon";
import { type Desk, useDesk } from "./desk";

export function FileTabs() {
  const desk = useDesk();
  const open = desk.files.open.value;
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const at = open.indexOf(desk.files.active.value ?? "");
    const next = open[(at + (event.key === "ArrowRight" ? 1 : -1) + open.length) % open.length];
    if (next === undefined) return;
    desk.show(next);
    requestAnimationFrame(() => document.querySelector<HTMLElement>(".tab[aria-selected=true]")?.focus());
  };
  return (
    <div class="tabs scroll" role="tablist" aria-label="Open files" onKeyDown={onKey}>
      {open.map((file) => (
        <FileTab key={file} desk={desk} file={file} closable={open.length > 1} />
      ))}
    </div>
  );
}

function FileTab({ desk, file, closable }: { desk: Desk; file: string; closable: boolean }) {
  const known = desk.file(file);
  const active = desk.files.active.value === file;
  const path = known?.path ?? file;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (active) box.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);
  return (
    <div class="tab-box" data-active={active} ref={box}>
      <button
        type="button"
        class="tab"
        role="tab"
        aria-selected={active}
        tabIndex={active ? 0 : -1}
        title={path}
        onClick={() => desk.show(file)}
      >
        <span class={known?.deleted ? "cut tab-deleted" : "cut"}>{path.split("/").at(-1)}</span>
      </button>
      {closable && (
        <button
          type="button"
          class="tab-close"
          aria-label={`Close ${path}`}
          onClick={() => desk.files.closeByHand(file)}
        >
          <Icon name="x" size={13} />
        </button>
      )}
    </div>
  );
}
