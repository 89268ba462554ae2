/** One button for the theme; it says which one is on and steps to the next. */
import { nextTheme, type Theme, theme } from "../theme";
import { Icon, type IconName } from "./icon";

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
