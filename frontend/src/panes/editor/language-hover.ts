/** What a name means: at the pointer, or by key at the caret. */
import { LSPPlugin } from "@codemirror/lsp-client";
import { type Extension, StateEffect, StateField } from "@codemirror/state";
import { EditorView, hoverTooltip, keymap, showTooltip, type Tooltip } from "@codemirror/view";

const HOVER_MS = 400;

interface Hover {
  contents: { kind: "markdown"; value: string };
  range?: { start: { line: number; character: number }; end: { line: number; character: number } };
}

const setShown = StateEffect.define<Tooltip | null>();

/** The explanation at the caret; it goes with the next move or change. */
const shown = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, transaction) {
    for (const effect of transaction.effects) if (effect.is(setShown)) return effect.value;
    return transaction.docChanged || transaction.selection !== undefined ? null : tooltip;
  },
  provide: (field) => showTooltip.from(field),
});

async function explained(view: EditorView, pos: number): Promise<Tooltip | null> {
  const plugin = LSPPlugin.get(view);
  if (plugin === null) return null;
  plugin.client.sync();
  const doc = view.state.doc;
  const params = { textDocument: { uri: plugin.uri }, position: plugin.toPosition(pos) };
  try {
    const found = await plugin.client.request<object, Hover | null>("textDocument/hover", params);
    if (found === null || view.state.doc !== doc) return null;
    const { contents, range } = found;
    return {
      pos: range ? plugin.fromPosition(range.start, doc) : pos,
      ...(range && { end: plugin.fromPosition(range.end, doc) }),
      above: true,
      create: () => ({ dom: drawn(plugin.docToHTML(contents)) }),
    };
  } catch {
    return null;
  }
}

function drawn(html: string): HTMLElement {
  const element = document.createElement("div");
  element.className = "cm-explained cm-lsp-documentation";
  element.setAttribute("role", "status");
  element.innerHTML = html;
  return element;
}

function explainAtCaret(view: EditorView): boolean {
  void explained(view, view.state.selection.main.head).then((tooltip) => {
    if (tooltip !== null) view.dispatch({ effects: setShown.of(tooltip) });
  });
  return true;
}

function close(view: EditorView): boolean {
  if (view.state.field(shown, false) == null) return false;
  view.dispatch({ effects: setShown.of(null) });
  return true;
}

export const explanations: Extension = [
  hoverTooltip(explained, { hoverTime: HOVER_MS, hideOn: (transaction) => transaction.docChanged }),
  shown,
  keymap.of([
    { key: "Alt-i", run: explainAtCaret, preventDefault: true },
    { key: "Escape", run: close },
  ]),
  EditorView.domEventHandlers({ blur: (_, view) => void close(view) }),
];
