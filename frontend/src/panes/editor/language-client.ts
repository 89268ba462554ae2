/** The editor's help: completion, explanations, signatures, what is wrong, and Ruff; loaded once the editor stands. */
import {
  LSPClient,
  LSPPlugin,
  serverDiagnostics,
  signatureHelp,
  signatureKeymap,
} from "@codemirror/lsp-client";
import { type ChangeSpec, type Extension, Prec } from "@codemirror/state";
import { type EditorView, keymap } from "@codemirror/view";
import type { EditorHelp } from "../../room/state";
import { completions } from "./language-completion";
import { findings, lintFindings, showFindings } from "./language-findings";
import { explanations } from "./language-hover";
import { harmless } from "./language-html";
import { LanguageLink } from "./language-link";
import { helpLook } from "./language-look";

/** What came of tidying up; `edits` 0 where all was tidy already. */
export type Tidied = { ok: true; edits: number } | { ok: false; why: string };

/** One editor that is helped. */
export interface Helped {
  view: EditorView;
  path: string;
  /** Put the help into the editor, or nothing. */
  set: (extension: Extension) => void;
  /** What follows is one step of undo by itself. */
  apart: () => void;
}

/** Ruff, for the editor that is on the screen. */
export interface Ruff {
  tidy: () => Promise<Tidied>;
  /** How many things were found; null where nobody could look. */
  check: () => Promise<number | null>;
}

/** The first question may wait behind those of others, and for a server to start. */
const TIMEOUT_MS = 45_000;
const ATTEMPTS = 3;
const MOVED = "Somebody is changing the same lines. Try again in a moment.";
const TOO_MUCH = "There is more to change than the room takes at once.";
const AWAY = "The editor's help is not connected. Try again in a moment.";

interface Edit {
  range: { start: Place; end: Place };
  newText: string;
}

interface Place {
  line: number;
  character: number;
}

export class LanguageHelp {
  readonly #help: EditorHelp;
  readonly #link: LanguageLink;
  #client: LSPClient | null = null;
  #helped: Helped | null = null;

  constructor(options: { url: string; token: () => string; may: () => boolean; help: EditorHelp }) {
    this.#help = options.help;
    this.#link = new LanguageLink({
      url: options.url,
      token: options.token,
      may: options.may,
      opened: (transport) => {
        this.#client = this.#newClient();
        this.#client.connect(transport);
        this.#set();
      },
      lost: () => {
        this.#client = null;
        this.#set();
      },
    });
  }

  /** Helps this editor, and no other any more; returns what takes the help away again. */
  attach(helped: Helped): { ruff: Ruff | null; detach: () => void } {
    this.#helped = helped;
    this.#set();
    const ruff: Ruff = { tidy: () => this.#tidy(helped), check: () => this.#check(helped.view) };
    return {
      ruff: this.#help.formatting ? ruff : null,
      detach: () => {
        if (this.#helped !== helped) return;
        this.#helped = null;
        helped.set([]);
      },
    };
  }

  close(): void {
    this.#helped = null;
    this.#link.close();
  }

  #set(): void {
    const helped = this.#helped;
    helped?.set(this.#client === null ? [] : [this.#extension(this.#client, helped.path), helpLook]);
  }

  #newClient(): LSPClient {
    const found = serverDiagnostics();
    return new LSPClient({
      rootUri: "file:///",
      timeout: TIMEOUT_MS,
      sanitizeHTML: harmless,
      extensions: this.#help.diagnostics
        ? [{ ...found, notificationHandlers: { "textDocument/publishDiagnostics": showFindings } }]
        : [],
    });
  }

  #extension(client: LSPClient, path: string): Extension {
    const { completion, hover, signatures, diagnostics, formatting } = this.#help;
    const uri = `file:///${path.split("/").map(encodeURIComponent).join("/")}`;
    return [
      client.plugin(uri, "python"),
      completion ? completions : [],
      hover ? explanations : [],
      signatures ? [signatureHelp(), Prec.high(keymap.of(signatureKeymap))] : [],
      diagnostics || formatting ? findings : [],
    ];
  }

  async #tidy(helped: Helped): Promise<Tidied> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const done = await this.#tryToTidy(helped);
      if (done !== null) return done;
    }
    return { ok: false, why: MOVED };
  }

  /** Null where the text has changed meanwhile in the places that Ruff would change. */
  async #tryToTidy({ view, apart }: Helped): Promise<Tidied | null> {
    const plugin = LSPPlugin.get(view);
    if (plugin === null) return { ok: false, why: AWAY };
    const { client, uri } = plugin;
    client.sync();
    const doc = view.state.doc;
    const mapping = client.workspaceMapping();
    try {
      const edits = await client.request<object, Edit[] | null>("textDocument/formatting", {
        textDocument: { uri },
        options: { tabSize: 4, insertSpaces: true },
      });
      const since = mapping.getMapping(uri);
      const changes: ChangeSpec[] = [];
      for (const { range, newText } of edits ?? []) {
        const from = plugin.fromPosition(range.start, doc);
        const to = plugin.fromPosition(range.end, doc);
        if (since?.touchesRange(from, to)) return null;
        changes.push({
          from: since?.mapPos(from, 1) ?? from,
          to: since?.mapPos(to, -1) ?? to,
          insert: newText,
        });
      }
      if (changes.length > 0 && !view.state.readOnly) {
        const now = view.state.doc;
        apart();
        view.dispatch({ changes, userEvent: "format" });
        apart();
        if (view.state.doc.eq(now)) return { ok: false, why: TOO_MUCH };
      }
      return { ok: true, edits: changes.length };
    } catch (problem) {
      return { ok: false, why: wordsOf(problem) };
    } finally {
      mapping.destroy();
    }
  }

  async #check(view: EditorView): Promise<number | null> {
    const plugin = LSPPlugin.get(view);
    return plugin === null ? null : await lintFindings(plugin);
  }
}

function wordsOf(problem: unknown): string {
  const { message } = problem as { message?: unknown };
  return typeof message === "string" ? message : AWAY;
}
