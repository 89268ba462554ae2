/** Key chords: `Mod-Enter` is Command on a Mac and Control elsewhere; matched on events and written as people know them. */

const MAC = /Mac|iPhone|iPad/.test(navigator.platform);

interface Chord {
  mod: boolean;
  shift: boolean;
  alt: boolean;
  key: string;
}

function parse(chord: string): Chord {
  const parts = chord.split("-");
  return {
    mod: parts.includes("Mod"),
    shift: parts.includes("Shift"),
    alt: parts.includes("Alt"),
    key: parts[parts.length - 1] ?? "",
  };
}

export function matches(event: KeyboardEvent, chord: string): boolean {
  const { mod, shift, alt, key } = parse(chord);
  const modDown = MAC ? event.metaKey : event.ctrlKey;
  const otherDown = MAC ? event.ctrlKey : event.metaKey;
  if (modDown !== mod || otherDown || event.altKey !== alt) return false;
  // With Option held a Mac types another character: digits and letters are known by their place on the keyboard.
  if (/^\d$/.test(key)) return event.code === `Digit${key}`;
  if (alt && /^[a-z]$/i.test(key))
    return event.shiftKey === shift && event.code === `Key${key.toUpperCase()}`;
  if (key === "?") return event.key === "?";
  return event.shiftKey === shift && event.key.toLowerCase() === key.toLowerCase();
}

const NAMES: Record<string, string> = { Enter: MAC ? "↵" : "Enter", Escape: "Esc", ArrowUp: "↑" };

export function written(chord: string): string {
  const { mod, shift, alt, key } = parse(chord);
  const name = NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
  if (MAC) return `${shift ? "⇧" : ""}${alt ? "⌥" : ""}${mod ? "⌘" : ""}${name}`;
  return [mod && "Ctrl", alt && "Alt", shift && "Shift", name].filter(Boolean).join(" + ");
}

/** Is the person writing words somewhere, where a bare letter means itself? */
export function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/** Writing into a field of our own, other than the code editor. */
export function inField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
