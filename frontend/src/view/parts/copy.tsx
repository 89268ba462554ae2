/** A button that copies text and says so; where the clipboard is closed to the page, it selects a field instead. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

/** True when the text is on the clipboard. Plain http pages have no clipboard API, so the old way is kept. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

function copyBySelection(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden-text";
  // Inside an open dialog everything else is inert, so the field must live in it.
  (document.querySelector("dialog[open]") ?? document.body).append(field);
  const focused = document.activeElement;
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}

interface CopyProps {
  text: string | (() => string);
  label: string;
  kind?: "primary" | "plain" | "quiet";
  disabled?: boolean;
}

export function CopyButton({ text, label, kind = "plain", disabled = false }: CopyProps) {
  const state = useSignal<"ready" | "done" | "failed">("ready");
  const timer = useRef(0);
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    state.value = (await copyText(typeof text === "string" ? text : text())) ? "done" : "failed";
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      state.value = "ready";
    }, 2000);
  };
  const words = { ready: label, done: "Copied", failed: "Copy by hand" }[state.value];
  return (
    <button type="button" class={`button ${kind}`} disabled={disabled} onClick={copy}>
      <Icon name={state.value === "done" ? "check" : "copy"} />
      <span aria-live="polite">{words}</span>
    </button>
  );
}
