/** The theme: one button that says which is on and steps to the next, or choices for a menu. */
import { nextTheme, setTheme, THEMES, type Theme, theme } from "../theme";
import { Icon, type IconName } from "./icon";
import type { Choice } from "./menu";

const LOOK: Record<Theme, { icon: IconName; words: string }> = {
  system: { icon: "monitor", words: "Theme: as the system" },
  light: { icon: "sun", words: "Theme: light" },
  dark: { icon: "moon", words: "Theme: dark" },
};

export function ThemeButton() {
  const look = LOOK[theme.value];
  return (
    <button
      type="button"
      class="button quiet square"
      aria-label={look.words}
      title={look.words}
      onClick={nextTheme}
    >
      <Icon name={look.icon} />
    </button>
  );
}

export function themeChoices(): Choice[] {
  return THEMES.map((name) => ({
    label: LOOK[name].words,
    checked: theme.value === name,
    pick: () => setTheme(name),
  }));
}
