/** A field for a file's name: checked by the room's own rules as one types, sent on Enter, left on Escape. */
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { pathProblem } from "../../../../protocol/ts/paths";
import type { FileState } from "../../room/state";
import type { Desk } from "./desk";

export function FileNameForm({ desk, file }: { desk: Desk; file?: FileState }) {
  const path = useSignal(file?.path ?? "");
  const refused = useSignal("");
  const touched = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  // Before the next key is typed: an effect would come too late for it.
  useLayoutEffect(() => select(field.current), []);
  const others = desk.model.files.filter((other) => !other.deleted && other.file !== file?.file);
  const problem = pathProblem(
    path.value.trim(),
    others.map((other) => other.path),
  );
  const error = refused.value || (touched.value ? (problem ?? "") : "");
  const before = useRef(document.activeElement);
  const leave = () => {
    desk.naming.value = null;
    const back = before.current;
    if (back instanceof HTMLElement && back !== document.body && back.isConnected) back.focus();
    else desk.pane.value?.focus();
  };
  const submit = async (event: Event) => {
    event.preventDefault();
    touched.value = true;
    if (problem !== null) return;
    refused.value = await send(desk, path.value.trim(), file);
    if (refused.value !== "") return;
    desk.naming.value = null;
    desk.pane.value?.focus();
  };
  return (
    <form class="file-form" onSubmit={submit}>
      <input
        ref={field}
        class="field mono"
        aria-label={file ? `New name of ${file.path}` : "Name of the new file"}
        aria-invalid={error !== ""}
        aria-describedby={id}
        placeholder="solution.py"
        autocomplete="off"
        spellcheck={false}
        value={path.value}
        onInput={(event) => {
          path.value = event.currentTarget.value;
          refused.value = "";
          touched.value = path.value !== "";
        }}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          leave();
        }}
        onBlur={() => {
          if (error === "" && (path.value === "" || path.value === file?.path)) desk.naming.value = null;
        }}
      />
      <p
        class={error === "" ? "field-note" : "field-error"}
        id={id}
        role={error === "" ? undefined : "alert"}
      >
        {error === "" ? "Enter to keep, Escape to leave" : error}
      </p>
    </form>
  );
}

/** Why the name was not taken; empty when it was. */
async function send(desk: Desk, path: string, file?: FileState): Promise<string> {
  if (file?.path === path) return "";
  const { client } = desk.model;
  const result = await (file ? client.renameFile(file.file, path) : client.createFile(path));
  if (!result.ok) return result.message;
  const made = desk.model.files.find((other) => !other.deleted && other.path === path);
  if (made && !file) {
    desk.editorNext.value = true;
    desk.show(made.file);
  }
  return "";
}

/** The name without its ending, which is what one mostly wants to change. */
function select(field: HTMLInputElement | null): void {
  if (field === null) return;
  field.focus();
  const dot = field.value.lastIndexOf(".");
  field.setSelectionRange(field.value.lastIndexOf("/") + 1, dot > 0 ? dot : field.value.length);
}
