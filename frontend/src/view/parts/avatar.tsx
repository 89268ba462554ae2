/** A person as a disc with initials in their own colour; absent people are drawn as a ring. */
import type { CSSProperties } from "preact";

/** People of one room wrap around a palette of eight. */
export function personColour(colour: number): string {
  return `var(--person-${((colour % 8) + 8) % 8})`;
}

/** `AL` for "Ada Lovelace", `B` for "Bob"; whole characters, whatever the script. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "?")][0] ?? "?";
  const last = words.length > 1 ? ([...(words[words.length - 1] ?? "")][0] ?? "") : "";
  return (first + last).toLocaleUpperCase();
}

interface AvatarProps {
  name: string;
  colour: number;
  away?: boolean;
  size?: "s" | "m";
}

export function Avatar({ name, colour, away = false, size = "m" }: AvatarProps) {
  const style = { "--person": personColour(colour) } as CSSProperties;
  return (
    <span class={`avatar avatar-${size}`} data-away={away} style={style} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
