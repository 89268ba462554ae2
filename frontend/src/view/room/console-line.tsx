/** The console: a line under the output that runs on the room's kernel, with the memory of what was typed before. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { focusEditor } from "./commands";
import { runLine, runObstacle } from "./deeds";
import { type Desk, useDesk } from "./desk";

/** Lines that one can go back to. */
const KEPT = 200;
const ROWS = 8;

export function ConsoleLine() {
  const desk = useDesk();
  const text = useSignal("");
  /** How many lines back; 0 is the one being written. */
  const back = useSignal(0);
  const draft = useRef("");
  const field = useRef<HTMLTextAreaElement>(null);
  const toEnd = useRef(false);
  useEffect(() => {
    desk.console.value = field.current;
    return () => {
      desk.console.value = null;
    };
  }, []);
  useLayoutEffect(() => {
    if (toEnd.current) field.current?.setSelectionRange(text.value.length, text.value.length);
    toEnd.current = false;
  }, [text.value]);
  const obstacle = runObstacle(desk);

  const put = (value: string, at: number) => {
    if (back.value === 0) draft.current = text.value;
    back.value = at;
    text.value = value;
    toEnd.current = true;
  };
  const recall = (by: 1 | -1): boolean => {
    const lines = desk.typed;
    const at = back.value + by;
    if (at < 0 || at > lines.length) return false;
    put(at === 0 ? draft.current : (lines[lines.length - at] ?? ""), at);
    return true;
  };
  const run = async () => {
    const code = text.value.trimEnd();
    if (code.trim() === "") return;
    text.value = "";
    back.value = 0;
    draft.current = "";
    desk.remember(code, KEPT);
    // What was refused is back where it can be sent again.
    if (!(await runLine(desk, code)) && text.value === "") text.value = code;
  };
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLTextAreaElement }) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { selectionStart, selectionEnd, value } = event.currentTarget;
    const lone = selectionStart === selectionEnd;
    if (event.key === "Enter" && !event.shiftKey) void run();
    else if (event.key === "Escape") focusEditor(desk);
    else if (event.key === "ArrowUp" && lone && !value.slice(0, selectionStart).includes("\n") && recall(1)) {
    } else if (event.key === "ArrowDown" && lone && !value.slice(selectionEnd).includes("\n") && recall(-1)) {
    } else return;
    event.preventDefault();
  };
  return (
    <form
      class="console"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <span class="console-mark mono" aria-hidden="true">
        &gt;&gt;&gt;
      </span>
      <textarea
        ref={field}
        class="console-field mono"
        rows={Math.min(ROWS, text.value.split("\n").length)}
        aria-label="Console: a line of Python for everyone"
        placeholder={obstacle === null ? "A line on the same kernel" : short(desk, obstacle)}
        title={
          obstacle ?? "Enter runs it, Shift and Enter begin another line, the arrows bring back earlier ones"
        }
        disabled={obstacle !== null}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          back.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <button
        type="submit"
        class="button quiet small console-run"
        disabled={obstacle !== null || text.value.trim() === ""}
      >
        Run
      </button>
    </form>
  );
}

/** The server's own words for why it runs no code are long, and stand above already. */
function short({ model }: Desk, obstacle: string): string {
  return obstacle === model.noKernel.value ? "Code cannot run here" : obstacle;
}
