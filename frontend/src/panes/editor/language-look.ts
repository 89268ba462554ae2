/** How the editor's help looks: small, calm, and no wider than the window. */
import type { Extension } from "@codemirror/state";
import { EditorView, tooltips } from "@codemirror/view";

const wave = (colour: string) => ({
  backgroundImage: "none",
  textDecoration: `underline 1px wavy ${colour}`,
  textDecorationSkipInk: "none",
  textUnderlineOffset: "3px",
});
const mark = (colour: string) => ({
  content: '""',
  width: "8px",
  height: "8px",
  margin: "7px 0 0",
  borderRadius: "50%",
  backgroundColor: colour,
});

/** Over the text alone: what stands above the editor can still be pressed. */
const place = tooltips({
  tooltipSpace: (view) => ({
    top: view.scrollDOM.getBoundingClientRect().top,
    left: 0,
    right: window.innerWidth,
    bottom: window.innerHeight,
  }),
});

const theme = EditorView.theme({
  ".cm-tooltip": { maxWidth: "min(560px, calc(100vw - 24px))" },
  ".cm-tooltip.cm-tooltip-autocomplete": { maxWidth: "calc(100vw - 24px)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    minWidth: "180px",
    maxWidth: "min(560px, calc(100vw - 24px))",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { overflow: "hidden", textOverflow: "ellipsis" },
  ".cm-completionDetail": {
    marginLeft: "12px",
    color: "var(--muted)",
    fontStyle: "normal",
    fontSize: "12px",
  },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600", color: "var(--accent)" },
  ".cm-completionIcon": { color: "var(--muted)", opacity: "1" },
  ".cm-tooltip.cm-completionInfo": {
    padding: "6px 10px",
    maxWidth: "min(360px, calc(100vw - 24px))",
    fontFamily: "var(--font)",
    fontSize: "13px",
    lineHeight: "18px",
  },
  // Where there is no room beside the list, below or above all of it: never over the other names.
  ".cm-tooltip-below > .cm-completionInfo-left-narrow, .cm-tooltip-below > .cm-completionInfo-right-narrow": {
    top: "100% !important",
    bottom: "auto !important",
    left: "0",
    right: "auto",
  },
  ".cm-tooltip-above > .cm-completionInfo-left-narrow, .cm-tooltip-above > .cm-completionInfo-right-narrow": {
    top: "auto !important",
    bottom: "100% !important",
    left: "0",
    right: "auto",
  },
  ".cm-lsp-documentation": { padding: "0", fontFamily: "var(--font)", fontSize: "13px", lineHeight: "18px" },
  ".cm-lsp-documentation pre, .cm-lsp-documentation code": { fontFamily: "var(--mono)", fontSize: "12px" },
  ".cm-lsp-documentation pre": { margin: "2px 0", whiteSpace: "pre-wrap", overflowWrap: "anywhere" },
  ".cm-lsp-documentation p": { margin: "4px 0" },
  ".cm-lsp-documentation hr": { border: "none", borderTop: "1px solid var(--line)", margin: "6px 0" },
  ".cm-lsp-documentation :is(h1, h2, h3, h4, h5, h6)": { margin: "6px 0 2px", fontSize: "13px" },
  ".cm-explained": { padding: "6px 10px", maxHeight: "240px", overflowY: "auto" },
  ".cm-tooltip.cm-lsp-signature-tooltip": {
    padding: "6px 10px",
    maxWidth: "min(560px, calc(100vw - 24px))",
    maxHeight: "160px",
    overflowY: "auto",
    borderRadius: "var(--r-m)",
  },
  ".cm-lsp-signature": { fontFamily: "var(--mono)", fontSize: "12px", overflowWrap: "anywhere" },
  ".cm-lsp-active-parameter": { color: "var(--accent)" },
  ".cm-lintRange": { backgroundImage: "none" },
  ".cm-lintRange-error": wave("var(--bad)"),
  ".cm-lintRange-warning": wave("var(--warn)"),
  ".cm-lintRange-info, .cm-lintRange-hint": wave("var(--faint)"),
  ".cm-lintRange-active": { backgroundColor: "var(--hover)" },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 2px" },
  ".cm-lint-marker": { width: "8px", height: "21px" },
  ".cm-lint-marker-error": { ...mark("var(--bad)") },
  ".cm-lint-marker-warning": { ...mark("var(--warn)") },
  ".cm-lint-marker-info, .cm-lint-marker-hint": { ...mark("var(--faint)") },
  ".cm-tooltip.cm-tooltip-lint, .cm-tooltip-section": { borderColor: "var(--line)" },
  ".cm-diagnostic": {
    padding: "4px 10px",
    marginLeft: "0",
    borderLeft: "3px solid var(--faint)",
    fontFamily: "var(--font)",
    fontSize: "13px",
    lineHeight: "18px",
    whiteSpace: "pre-wrap",
    overflowWrap: "anywhere",
  },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warn)" },
  ".cm-diagnosticSource": { display: "none" },
  ".cm-panel.cm-panel-lint": { maxHeight: "30vh", overflowY: "auto" },
  ".cm-panel.cm-panel-lint ul [aria-selected]": { backgroundColor: "var(--accent-soft)" },
  ".cm-panel.cm-panel-lint ul [aria-selected] u": { textDecoration: "underline" },
  ".cm-panel.cm-panel-lint ul:focus [aria-selected]": {
    backgroundColor: "var(--accent-soft)",
    color: "var(--text)",
  },
  ".cm-panel.cm-panel-lint button[name=close]": { color: "var(--text)" },
});

export const helpLook: Extension = [theme, place];
