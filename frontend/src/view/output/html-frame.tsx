/** HTML that code made, in a frame that can neither run scripts nor reach the page nor load anything from outside. */
import { useSignal } from "@preact/signals";
import { theme } from "../theme";

const ROW = 26;
const LINE = 20;
const LEAST = 72;
const MOST = 420;

/** The frame cannot be measured from outside (that is the point of it), so its height is guessed from the text. */
function guessHeight(html: string): number {
  const rows = html.match(/<tr[\s>]/gi)?.length ?? 0;
  const breaks = html.match(/<(?:p|div|br|li|h[1-6]|pre)[\s>/]/gi)?.length ?? 0;
  return Math.min(MOST, Math.max(LEAST, 24 + rows * ROW + breaks * LINE));
}

const STYLE = `
  body { margin: 8px; font: 13px/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
  table { border-collapse: collapse; border: 0; font-size: 12.5px; }
  th, td { padding: 3px 10px; border: 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
  th { font-weight: 600; } tbody th { text-align: left; } img, svg { max-width: 100%; }`;

const SYSTEM_DARK = matchMedia("(prefers-color-scheme: dark)");

/** Markup with colours of its own was made for a white page; plain tables may be dark in the dark. */
function groundFor(html: string): string {
  const ownColours = /(?:color|background|fill)\s*[:=]/i.test(html);
  const dark = theme.value === "dark" || (theme.value === "system" && SYSTEM_DARK.matches);
  return dark && !ownColours
    ? ":root { color-scheme: dark; --text: #e8e9eb; --ground: #191b1f; --line: #2a2d33; }"
    : ":root { color-scheme: light; --text: #1b1c1e; --ground: #fff; --line: #e2e1dc; }";
}

export function HtmlFrame({ html, scripted, text }: { html: string; scripted: boolean; text: string }) {
  const tall = useSignal(false);
  const height = guessHeight(html);
  return (
    <figure class="out-html">
      {scripted && (
        <figcaption class="out-note">
          This output wants to run scripts, which is switched off here.{" "}
          {text === "" ? "" : `As text: ${text}`}
        </figcaption>
      )}
      <iframe
        title="HTML output"
        sandbox=""
        referrerpolicy="no-referrer"
        loading="lazy"
        style={{ height: `${tall.value ? 720 : height}px` }}
        srcdoc={`<!doctype html><meta charset="utf-8"><style>${groundFor(html)}${STYLE}</style>${html}`}
      />
      {height === MOST && (
        <button
          type="button"
          class="button quiet out-more"
          onClick={() => {
            tall.value = !tall.value;
          }}
        >
          {tall.value ? "Shorter" : "Taller"}
        </button>
      )}
    </figure>
  );
}
