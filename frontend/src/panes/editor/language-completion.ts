/** Completion from the room: the language server's and the kernel's, put together by the server; its own where that is away. */
import { autocompletion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { globalCompletion, localCompletionSource } from "@codemirror/lang-python";
import { syntaxTree } from "@codemirror/language";
import { serverCompletionSource } from "@codemirror/lsp-client";
import type { Extension } from "@codemirror/state";

export const completions: Extension = autocompletion({ override: [source] });

async function source(context: CompletionContext): Promise<CompletionResult | null> {
  if (!context.explicit && inWords(context)) return null;
  try {
    const found = await serverCompletionSource(context);
    if (found !== null && found.options.length > 0) return found;
  } catch {
    // It took too long: the file's own words are at hand.
  }
  return context.explicit ? ((await localCompletionSource(context)) ?? globalCompletion(context)) : null;
}

/** In a comment, or in a string that is no key of a subscript, nobody wants names. */
function inWords({ state, pos }: CompletionContext): boolean {
  const node = syntaxTree(state).resolveInner(pos, -1);
  if (node.name === "Comment") return true;
  if (node.name !== "String") return false;
  const before = state.sliceDoc(Math.max(0, node.from - 8), node.from);
  return !/\[\s*$/.test(before);
}
