/** Explanations come out of anybody's code: of their HTML only what gives text a shape is kept. */

const KEPT: ReadonlySet<string> = new Set([
  ..."P BR HR PRE CODE SPAN STRONG EM B I UL OL LI BLOCKQUOTE H1 H2 H3 H4 H5 H6 TABLE THEAD TBODY TR TH TD".split(
    " ",
  ),
]);
/** Gone with all that is in them; of everything else the text stays. */
const GONE: ReadonlySet<string> = new Set("SCRIPT STYLE IFRAME OBJECT EMBED TEMPLATE SVG MATH".split(" "));

export function harmless(html: string): string {
  const body = new DOMParser().parseFromString(html, "text/html").body;
  clean(body);
  return body.innerHTML;
}

function clean(parent: Element): void {
  for (const child of [...parent.children]) {
    const name = child.tagName.toUpperCase();
    if (GONE.has(name)) {
      child.remove();
      continue;
    }
    clean(child);
    if (!KEPT.has(name)) child.replaceWith(...child.childNodes);
    // The classes are those of the highlighter.
    else
      for (const { name: attribute } of [...child.attributes])
        if (attribute !== "class" || name !== "SPAN") child.removeAttribute(attribute);
  }
}
