/** HTML that code made, in a frame that can neither run scripts nor reach the page nor load anything from outside. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../theme";
import { heightOf, pageStyle } from "./measure";

/** px */
const LEAST = 40;
const MOST = 420;
const TALL = 720;

const SYSTEM_DARK = matchMedia("(prefers-color-scheme: dark)");

/** Markup with colours of its own was made for a white page; plain tables may be dark in the dark. */
function groundFor(html: string): string {
  const ownColours = /(?:color|background|fill)\s*[:=]/i.test(html);
  const dark = theme.value === "dark" || (theme.value === "system" && SYSTEM_DARK.matches);
  return dark && !ownColours
    ? ":root { color-scheme: dark; --text: #e8e9eb; --ground: #191b1f; --line: #2a2d33; }"
    : ":root { color-scheme: light; --text: #1b1c1e; --ground: #fff; --line: #e2e1dc; }";
}

const STYLE = `${pageStyle("body")} body { color: var(--text); background: var(--ground); }`;

export function HtmlFrame({ html, scripted, text }: { html: string; scripted: boolean; text: string }) {
  const figure = useRef<HTMLElement>(null);
  const tall = useSignal(false);
  const height = useSignal(LEAST);
  useLayoutEffect(() => {
    const element = figure.current;
    if (element === null) return;
    let width = 0;
    const measure = () => {
      if (element.clientWidth === width) return;
      width = element.clientWidth;
      height.value = heightOf(html, width, { least: LEAST, most: TALL });
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(element);
    return () => resized.disconnect();
  }, [html]);
  return (
    <figure class="out-html" ref={figure}>
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
        style={{ height: `${tall.value ? height.value : Math.min(height.value, MOST)}px` }}
        srcdoc={`<!doctype html><meta charset="utf-8"><style>${groundFor(html)}${STYLE}</style>${html}`}
      />
      {height.value > MOST && (
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
