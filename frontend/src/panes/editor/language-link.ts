/** The socket to the editor's help: comes back by itself, and leaves nobody waiting for an answer that cannot come. */
import type { Transport } from "@codemirror/lsp-client";
import { Backoff } from "../../room/backoff";
import { meaningOf } from "../../room/closes";

export const LSP = "fourhands.lsp";

/** Questions whose failure somebody is told; everything else is just not there. */
const TOLD: ReadonlySet<string> = new Set(["textDocument/formatting", "fourhands/lint"]);
const AWAY = "The editor's help is not connected.";
/** Browsers open one WebSocket to a server at a time: one that hangs keeps the room's own from coming back. */
const CONNECT_MS = 3_000;
const LOOK_AGAIN_MS = 500;
const HUNG = 1006;
/** After an expired token the room's own link gets a fresh one. */
const FRESH_TOKEN_MS = 3_000;

export interface LinkOptions {
  url: string;
  /** The present one, at each attempt. */
  token: () => string;
  /** Whether the room's own link is there: it comes first. */
  may: () => boolean;
  opened: (transport: Transport) => void;
  lost: () => void;
}

type Handler = (message: string) => void;

export class LanguageLink {
  readonly #options: LinkOptions;
  readonly #backoff = new Backoff(Math.random);
  #socket: WebSocket | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #channel: Channel | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#channel?.end();
  }

  #connect(): void {
    const { url, token, may, opened } = this.#options;
    if (!may()) {
      this.#again(LOOK_AGAIN_MS);
      return;
    }
    const socket = new WebSocket(url, [LSP, `bearer.${token()}`]);
    this.#socket = socket;
    this.#timer = setTimeout(() => {
      socket.close();
      this.#closed(socket, HUNG);
    }, CONNECT_MS);
    socket.onopen = () => {
      clearTimeout(this.#timer);
      const channel = new Channel((message) => socket.send(message));
      this.#channel = channel;
      opened(channel);
    };
    socket.onmessage = ({ data }) => {
      this.#backoff.reset();
      this.#channel?.take(String(data));
    };
    socket.onclose = ({ code }) => this.#closed(socket, code);
  }

  #closed(socket: WebSocket, code: number): void {
    if (this.#socket !== socket) return;
    this.#socket = null;
    clearTimeout(this.#timer);
    const channel = this.#channel;
    this.#channel = null;
    if (channel !== null) {
      this.#options.lost();
      channel.end();
    }
    const { action } = meaningOf(code);
    if (action === "stop" || action === "rebuild") return;
    this.#again(this.#backoff.next() + (action === "renew" ? FRESH_TOKEN_MS : 0));
  }

  #again(wait: number): void {
    this.#timer = setTimeout(() => this.#connect(), wait);
  }
}

/** One connection as the client of the language server sees it. */
class Channel implements Transport {
  readonly #send: (message: string) => void;
  readonly #handlers = new Set<Handler>();
  /** Questions that wait, by number. */
  readonly #waiting = new Map<number, string>();
  #open = true;

  constructor(send: (message: string) => void) {
    this.#send = send;
  }

  send(message: string): void {
    const { id, method } = JSON.parse(message) as { id?: number; method?: string };
    if (id !== undefined && method !== undefined) this.#waiting.set(id, method);
    if (this.#open) this.#send(message);
    // Not at once: whoever asks is not yet ready for the answer.
    else if (id !== undefined) queueMicrotask(() => this.#fail(id));
  }

  subscribe(handler: Handler): void {
    this.#handlers.add(handler);
  }

  unsubscribe(handler: Handler): void {
    this.#handlers.delete(handler);
  }

  take(message: string): void {
    const { id, error } = JSON.parse(message) as { id?: number; error?: unknown };
    const method = id === undefined ? undefined : this.#waiting.get(id);
    if (id !== undefined) this.#waiting.delete(id);
    // The client would report each as a fault of the page.
    if (error !== undefined && method !== undefined && !TOLD.has(method)) this.#tell({ id, result: null });
    else for (const handler of this.#handlers) handler(message);
  }

  end(): void {
    this.#open = false;
    for (const id of [...this.#waiting.keys()]) this.#fail(id);
  }

  #fail(id: number): void {
    const method = this.#waiting.get(id) ?? "";
    this.#waiting.delete(id);
    if (TOLD.has(method)) this.#tell({ id, error: { code: -32803, message: AWAY } });
    else this.#tell({ id, result: method === "initialize" ? { capabilities: {} } : null });
  }

  #tell(message: object): void {
    for (const handler of this.#handlers) handler(JSON.stringify({ jsonrpc: "2.0", ...message }));
  }
}
