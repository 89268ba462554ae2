/** A button that opens a short list of choices: arrows move, Enter chooses, Escape and a click elsewhere leave. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface Choice {
  label: string;
  hint?: string;
  danger?: boolean;
  disabled?: boolean;
  checked?: boolean;
  pick: () => void;
}

interface MenuProps {
  label: string;
  choices: readonly Choice[];
  children: ComponentChildren;
  class?: string;
  align?: "start" | "end";
  side?: "above" | "below";
}

export function Menu({
  label,
  choices,
  children,
  class: look = "button quiet square",
  align = "end",
  side = "below",
}: MenuProps) {
  const open = useSignal(false);
  const root = useRef<HTMLSpanElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    open.value = false;
  };
  useLayoutEffect(() => {
    if (!open.value) return;
    items(root.current)[0]?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) close();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [open.value]);
  const onKey = (event: KeyboardEvent) => {
    if (!open.value) return;
    if (event.key === "Escape" || event.key === "Tab") {
      close();
      if (event.key === "Escape") button.current?.focus();
      event.stopPropagation();
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      step(root.current, event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys bubble up from the button and the items inside
    <span class="menu" ref={root} onKeyDown={onKey}>
      <button
        type="button"
        ref={button}
        class={look}
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-label={label}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        {children}
      </button>
      {open.value && (
        <div class={`menu-list menu-${align} menu-${side}`} role="menu" aria-label={label}>
          {choices.map((choice) => (
            <Item key={choice.label} choice={choice} close={close} />
          ))}
        </div>
      )}
    </span>
  );
}

function Item({ choice, close }: { choice: Choice; close: () => void }) {
  return (
    <button
      type="button"
      role="menuitem"
      class={choice.danger ? "menu-item danger-text" : "menu-item"}
      disabled={choice.disabled}
      onClick={() => {
        close();
        choice.pick();
      }}
    >
      <span class="grow">{choice.label}</span>
      {choice.checked && (
        <span class="menu-tick">
          <span class="hidden-text">chosen</span>
        </span>
      )}
      {choice.hint && <kbd>{choice.hint}</kbd>}
    </button>
  );
}

function items(root: HTMLElement | null): HTMLButtonElement[] {
  return [...(root?.querySelectorAll<HTMLButtonElement>(".menu-item:not(:disabled)") ?? [])];
}

function step(root: HTMLElement | null, by: number): void {
  const all = items(root);
  const at = all.indexOf(document.activeElement as HTMLButtonElement);
  all[(at + by + all.length) % all.length]?.focus();
}
