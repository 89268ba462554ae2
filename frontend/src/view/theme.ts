/** The theme: light, dark, or whatever the system says; the choice is one attribute on the root element. */
import { effect, signal } from "@preact/signals";
import { recall, remember } from "./store";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

const remembered = THEMES.find((theme) => theme === recall("theme"));
export const theme = signal<Theme>(remembered ?? "system");

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function setTheme(next: Theme): void {
  theme.value = next;
  remember("theme", next);
}

export function nextTheme(): void {
  const at = THEMES.indexOf(theme.value);
  setTheme(THEMES[(at + 1) % THEMES.length] ?? "system");
}
