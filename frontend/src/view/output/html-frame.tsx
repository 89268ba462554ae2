/** HTML that code made, in a frame that can neither run scripts nor reach the page nor load anything from outside. */
import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { theme } from "../theme";
import { heightOf, pageStyle } from "./measure";

/** ms: in a flood of outputs most are gone again by then. */
const SETTLE = 80;
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

/** Measures now and whenever the width changes; a document costs more than all else, and is made when its place comes near. */
function settle(
  element: HTMLElement,
  html: string,
  height: Signal<number>,
  near: Signal<boolean>,
): () => void {
  let width = 0;
  const measure = () => {
    if (element.clientWidth === width) return;
    width = element.clientWidth;
    height.value = heightOf(html, width, { least: LEAST, most: TALL });
  };
  const resized = new ResizeObserver(measure);
  const seen = new IntersectionObserver(
    (places) => {
      if (places.some(({ isIntersecting }) => isIntersecting)) near.value = true;
    },
    { rootMargin: "400px" },
  );
  measure();
  resized.observe(element);
  seen.observe(element);
  return () => {
    resized.disconnect();
    seen.disconnect();
  };
}

const STYLE = `${pageStyle("body")} body { color: var(--text); background: var(--ground); }`;

export function HtmlFrame({ html, scripted, text }: { html: string; scripted: boolean; text: string }) {
  const figure = useRef<HTMLElement>(null);
  const tall = useSignal(false);
  const height = useSignal(LEAST);
  const near = useSignal(false);
  useLayoutEffect(() => {
    let stop = () => {};
    const later = setTimeout(() => {
      if (figure.current !== null) stop = settle(figure.current, html, height, near);
    }, SETTLE);
    return () => {
      clearTimeout(later);
      stop();
    };
  }, [html]);
  const shown = `${tall.value ? height.value : Math.min(height.value, MOST)}px`;
  return (
    <figure class="out-html" ref={figure}>
      {scripted && (
        <figcaption class="out-note">
          This output wants to run scripts, which is switched off here.{" "}
          {text === "" ? "" : `As text: ${text}`}
        </figcaption>
      )}
      {near.value ? (
        <iframe
          title="HTML output"
          sandbox=""
          referrerpolicy="no-referrer"
          style={{ height: shown }}
          srcdoc={`<!doctype html><meta charset="utf-8"><style>${groundFor(html)}${STYLE}</style>${html}`}
        />
      ) : (
        <div style={{ height: shown }} />
      )}
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
