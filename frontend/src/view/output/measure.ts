/**
 * How tall a piece of HTML is. Its own frame cannot be asked (that is the point of it), so a stand-in is laid out in the page
 * instead: known elements and their text, made anew, with no attribute that could do anything.
 */

/** As the frame styles its page; `page` is the selector of what holds everything. */
export function pageStyle(page: string): string {
  return `
  ${page} { margin: 0; padding: 8px; font: 13px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
  ${page} > :first-child { margin-top: 0; } ${page} > :last-child { margin-bottom: 0; }
  table { border-collapse: collapse; border: 0; font-size: 12.5px; line-height: 20px; }
  th, td { padding: 3px 10px; border: 0; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
  th { font-weight: 600; } tbody th { text-align: left; } p { margin: 8px 0; } img, svg { max-width: 100%; }`;
}

/** px for a scrollbar below what is wider than the frame. */
const SCROLLBAR = 16;
/** px for the border of the frame, and for fonts that differ by a hair. */
const SLACK = 6;
const NODES = 4_000;
const LONGEST = 300_000;
/** px of a picture that does not tell its height, and the most that one is believed. */
const PICTURE = 160;
const PICTURE_MOST = 2_000;

const KEPT = new Set(
  (
    "A B BLOCKQUOTE BR CAPTION CODE DD DETAILS DIV DL DT EM FIGCAPTION FIGURE H1 H2 H3 H4 H5 H6 HR I LI OL P PRE S SMALL " +
    "SPAN STRONG SUB SUMMARY SUP TABLE TBODY TD TFOOT TH THEAD TR U UL"
  ).split(" "),
);
const UNSEEN = new Set("SCRIPT STYLE TEMPLATE NOSCRIPT HEAD META LINK TITLE BASE".split(" "));
const PICTURES = new Set("IMG SVG VIDEO CANVAS IFRAME OBJECT EMBED".split(" "));
const SIZES = [
  "height",
  "width",
  "max-height",
  "min-height",
  "max-width",
  "font-size",
  "line-height",
  "padding",
  "margin",
  "display",
  "white-space",
] as const;

/** px; `least` and `most` bound it, and what is too long to be laid out twice counts as `most`. */
export function heightOf(
  html: string,
  width: number,
  { least, most }: { least: number; most: number },
): number {
  if (html.length > LONGEST) return most;
  const host = document.createElement("div");
  host.setAttribute("aria-hidden", "true");
  host.style.cssText = `position: absolute; left: -10000px; top: 0; width: ${width}px; visibility: hidden; contain: strict; height: 1px`;
  const page = document.createElement("div");
  page.className = "page";
  page.style.cssText = "display: flow-root; overflow: auto";
  const budget = { nodes: NODES };
  standIn(new DOMParser().parseFromString(html, "text/html").body, page, budget);
  if (budget.nodes <= 0) return most;
  const style = document.createElement("style");
  style.textContent = pageStyle(".page");
  host.attachShadow({ mode: "closed" }).append(style, page);
  document.body.append(host);
  const wide = page.scrollWidth > page.clientWidth + 1 ? SCROLLBAR : 0;
  const height = page.scrollHeight + wide + SLACK;
  host.remove();
  return Math.min(most, Math.max(least, height));
}

function standIn(from: Node, into: HTMLElement, budget: { nodes: number }): void {
  for (const node of from.childNodes) {
    budget.nodes -= 1;
    if (budget.nodes <= 0) return;
    if (node instanceof Text) into.append(node.data);
    else if (node instanceof Element) standInElement(node, into, budget);
  }
}

function standInElement(element: Element, into: HTMLElement, budget: { nodes: number }): void {
  const name = element.tagName.toUpperCase();
  if (UNSEEN.has(name)) return;
  if (PICTURES.has(name)) {
    into.append(box(element));
    return;
  }
  const made = document.createElement(KEPT.has(name) ? name : "span");
  for (const span of ["colspan", "rowspan"]) {
    const value = element.getAttribute(span);
    if (value !== null && /^\d{1,3}$/.test(value)) made.setAttribute(span, value);
  }
  if (element instanceof HTMLElement) {
    for (const property of SIZES) {
      const value = element.style.getPropertyValue(property);
      if (/^[\w.% -]{1,40}$/.test(value)) made.style.setProperty(property, value);
    }
  }
  into.append(made);
  standIn(element, made, budget);
}

function box(element: Element): HTMLElement {
  // From outside nothing is loaded: what stands there is a small mark in its line.
  if (element.tagName === "IMG" && !element.getAttribute("src")?.startsWith("data:")) {
    const mark = document.createElement("span");
    mark.textContent = element.getAttribute("alt") || "\u00a0";
    return mark;
  }
  const made = document.createElement("div");
  const told = Number.parseFloat(element.getAttribute("height") ?? "");
  made.style.height = `${told > 0 ? Math.min(told, PICTURE_MOST) : PICTURE}px`;
  return made;
}
