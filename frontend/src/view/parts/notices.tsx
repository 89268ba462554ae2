/** Short messages at the foot of the page; they leave by themselves, and at most three stand at once. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./icon";

interface Message {
  id: number;
  tone: "info" | "warning" | "good";
  text: string;
}

const SHOWN = 3;
const STAY_MS = 6000;

const messages = signal<readonly Message[]>([]);
let next = 1;

export function notify(text: string, tone: Message["tone"] = "info"): void {
  if (messages.value.some((message) => message.text === text)) return;
  const id = next++;
  messages.value = [...messages.value, { id, tone, text }].slice(-SHOWN);
  // A warning stays until it is read away.
  if (tone !== "warning") setTimeout(() => dismiss(id), STAY_MS);
}

function dismiss(id: number): void {
  messages.value = messages.value.filter((message) => message.id !== id);
}

const ICONS = { info: "info", good: "check", warning: "triangle-alert" } as const;

/** Stands once in each page. */
export function Notices() {
  const place = useRef<HTMLDivElement>(null);
  const newest = messages.value.at(-1)?.id;
  useEffect(() => {
    // Always open, so that readers hear it change; opened anew for each message, to lie above any dialog.
    place.current?.hidePopover();
    place.current?.showPopover();
  }, [newest]);
  return (
    <div class="notices" role="status" aria-live="polite" popover="manual" ref={place}>
      {messages.value.map((message) => (
        <div class={`notice notice-${message.tone}`} key={message.id}>
          <Icon name={ICONS[message.tone]} />
          <span class="grow">{message.text}</span>
          <button
            type="button"
            class="button quiet square"
            aria-label="Dismiss"
            onClick={() => dismiss(message.id)}
          >
            <Icon name="x" size={14} />
          </button>
        </div>
      ))}
    </div>
  );
}
