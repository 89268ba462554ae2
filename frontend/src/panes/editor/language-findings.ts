/** What is wrong with a text, underlined: what the language server finds by itself, and what Ruff found when asked. */
import { type Diagnostic, forEachDiagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { type LSPClient, LSPPlugin } from "@codemirror/lsp-client";
import type { Extension, Text } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";

const RUFF = "Ruff";
const HOVER_MS = 300;
const SEVERITIES = ["error", "error", "warning", "info", "hint"] as const;

interface Finding {
  range: { start: Place; end: Place };
  severity?: number;
  code?: string;
  message: string;
}

interface Place {
  line: number;
  character: number;
}

interface Published {
  uri: string;
  version?: number;
  diagnostics: readonly Finding[];
}

/** A notification of the language server; those of an older text are left. */
export function showFindings(client: LSPClient, { uri, version, diagnostics }: Published): boolean {
  const file = client.workspace.getFile(uri);
  const view = file?.getView();
  const plugin = view && LSPPlugin.get(view);
  if (!file || !view || !plugin || file.version !== version) return false;
  const asked = kept(view, (one) => one.source === RUFF);
  view.dispatch(setDiagnostics(view.state, [...drawn(plugin, diagnostics, plugin.syncedDoc), ...asked]));
  // What was mended since somebody asked shall not stay.
  if (asked.length > 0) void lintFindings(plugin);
  return true;
}

/** Asks Ruff; answers how much it found, null where it cannot be asked. */
export async function lintFindings(plugin: LSPPlugin): Promise<number | null> {
  const { client, view, uri } = plugin;
  client.sync();
  const doc = view.state.doc;
  const mapping = client.workspaceMapping();
  try {
    const found = await client.request<object, Finding[]>("fourhands/lint", { textDocument: { uri } });
    const since = mapping.getMapping(uri);
    const shown = drawn(plugin, found, doc, RUFF).map((one) => ({
      ...one,
      from: since?.mapPos(one.from, 1) ?? one.from,
      to: since?.mapPos(one.to, 1) ?? one.to,
    }));
    const others = kept(view, (one) => one.source !== RUFF);
    view.dispatch(setDiagnostics(view.state, [...others, ...shown]));
    return found.length;
  } catch {
    return null;
  } finally {
    mapping.destroy();
  }
}

/** Those on the screen that are to stay, where they are now. */
function kept(view: EditorView, which: (one: Diagnostic) => boolean): Diagnostic[] {
  const found: Diagnostic[] = [];
  forEachDiagnostic(view.state, (one, from, to) => {
    if (which(one)) found.push({ ...one, from, to });
  });
  return found;
}

function drawn(plugin: LSPPlugin, found: readonly Finding[], doc: Text, source?: string): Diagnostic[] {
  const { unsyncedChanges } = plugin;
  return found.map(({ range, severity, code, message }) => ({
    from: unsyncedChanges.mapPos(plugin.fromPosition(range.start, doc)),
    to: unsyncedChanges.mapPos(plugin.fromPosition(range.end, doc)),
    severity: SEVERITIES[severity ?? 1] ?? "error",
    message: source === undefined ? message : `${message} (${source} ${code ?? ""})`,
    ...(source !== undefined && { source }),
  }));
}

export const findings: Extension = [lintGutter({ hoverTime: HOVER_MS }), keymap.of(lintKeymap)];
