/** How code looks: every colour is a token, so one theme serves light, dark and high contrast. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--code-name)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": {
    fontFamily: "var(--mono)",
    fontSize: "var(--t-code)",
    lineHeight: "21px",
    scrollbarWidth: "thin",
    scrollbarColor: "var(--line-strong) transparent",
  },
  ".cm-content": { padding: "12px 0 96px", caretColor: "var(--accent)" },
  // Left of the text less than CodeMirror's margin for the caret, or the view stops short of its left end.
  ".cm-line": { padding: "0 16px 0 4px" },
  ".cm-cursor, .cm-dropCursor": { borderLeft: "2px solid var(--accent)", marginLeft: "-1px" },
  // Opaque: code that is scrolled sideways passes under the numbers.
  ".cm-gutters": { backgroundColor: "var(--surface)", color: "var(--faint)", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "48px", padding: "0 12px", fontSize: "12px" },
  ".cm-activeLine": { backgroundColor: "var(--code-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--code-line)", color: "var(--text)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "color-mix(in srgb, var(--accent) 14%, transparent)" },
  "&.cm-focused .cm-matchingBracket": {
    backgroundColor: "color-mix(in srgb, var(--accent) 20%, transparent)",
    borderRadius: "2px",
  },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--bad-soft)" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-searchMatch": { backgroundColor: "var(--code-match)" },
  ".cm-searchMatch-selected": { outline: "1px solid var(--warn)" },
  ".cm-panels": { backgroundColor: "var(--sunken)", color: "var(--text)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 32px 8px 12px", fontFamily: "var(--font)", fontSize: "13px" },
  ".cm-panel.cm-search label": {
    display: "inline-flex",
    alignItems: "center",
    gap: "4px",
    fontSize: "12px",
    verticalAlign: "middle",
  },
  ".cm-panel.cm-search input[type=checkbox]": { accentColor: "var(--accent)", margin: "0" },
  ".cm-panel.cm-search [name=close]": { top: "8px", right: "12px", fontSize: "18px" },
  ".cm-textfield": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--r-s)",
    backgroundColor: "var(--surface)",
    padding: "3px 8px",
    fontSize: "13px",
  },
  ".cm-button": {
    border: "1px solid var(--line-strong)",
    borderRadius: "var(--r-s)",
    background: "var(--surface)",
    padding: "3px 8px",
    fontSize: "12px",
  },
  ".cm-tooltip": {
    border: "1px solid var(--line)",
    borderRadius: "var(--r-m)",
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    boxShadow: "var(--float)",
    overflow: "hidden",
  },
  // What explains an entry stands beside the list, outside of its box.
  ".cm-tooltip.cm-tooltip-autocomplete": { overflow: "visible" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    borderRadius: "var(--r-m)",
    fontFamily: "var(--mono)",
    fontSize: "13px",
    maxHeight: "220px",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "3px 12px 3px 6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
});

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier], color: "var(--code-keyword)" },
  { tag: [t.string, t.special(t.string)], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null], color: "var(--code-number)" },
  { tag: [t.comment, t.meta], color: "var(--code-comment)" },
  {
    tag: [t.definition(t.variableName), t.function(t.definition(t.variableName))],
    color: "var(--code-definition)",
  },
  {
    tag: [t.function(t.variableName), t.className, t.definition(t.className)],
    color: "var(--code-definition)",
  },
  { tag: [t.standard(t.name), t.self, t.atom], color: "var(--code-builtin)" },
]);

export const look: Extension = [theme, syntaxHighlighting(colours)];
