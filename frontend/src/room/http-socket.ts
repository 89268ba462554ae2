// A socket made of plain HTTP, for networks that let no WebSocket through: server-sent events down, POST up.

import { Writer } from "../../../protocol/ts/varint";
import { EventStream, type ServerEvent } from "./event-stream";
import type { Socket, SocketEvents } from "./transport";

/** Bytes of frames in one POST; the server takes twice as much, and one frame is at most half of that. */
const BATCH = 512 * 1024;
/** What a WebSocket would have been closed with. */
const CLOSE_CODE = "Fourhands-Close";
const NORMAL = 1000;
const LOST = 1006;

type Fetch = typeof fetch;

/** The same arguments as a WebSocket's, and the same events; the token travels in a header. */
export function openHttpSocket(
  url: string,
  protocols: string[],
  events: SocketEvents,
  fetcher: Fetch = (...call) => fetch(...call),
): Socket {
  return new HttpSocket(framesAddress(url), bearerOf(protocols), events, fetcher);
}

class HttpSocket implements Socket {
  readonly #address: string;
  readonly #headers: Record<string, string>;
  readonly #events: SocketEvents;
  readonly #fetch: Fetch;
  readonly #abort = new AbortController();
  #link: string | null = null;
  #waiting: Uint8Array[] = [];
  #batches = 0;
  #posting = false;
  #done = false;

  constructor(address: string, token: string, events: SocketEvents, fetcher: Fetch) {
    this.#address = address;
    this.#headers = { Authorization: `Bearer ${token}` };
    this.#events = events;
    this.#fetch = fetcher;
    void this.#listen();
  }

  send(bytes: Uint8Array): void {
    if (this.#done) return;
    this.#waiting.push(bytes);
    if (!this.#posting) void this.#post();
  }

  /** Says nothing more; a clean end tells the server, which would else keep our seat for a while. */
  close(code: number): void {
    if (this.#done) return;
    this.#done = true;
    const clean = code === NORMAL && this.#link !== null;
    // Were the way down gone before, the server would take it for a link that was lost.
    void (clean ? this.#leave() : Promise.resolve()).then(() => this.#abort.abort());
  }

  async #leave(): Promise<void> {
    const call = { method: "DELETE", headers: this.#headers, keepalive: true };
    await this.#fetch(`${this.#address}/${this.#link}`, call).catch(() => {});
  }

  // --- down ---

  async #listen(): Promise<void> {
    try {
      const { signal } = this.#abort;
      const answer = await this.#fetch(this.#address, { headers: this.#headers, signal, cache: "no-store" });
      if (answer.ok && answer.body !== null) await this.#read(answer.body);
      else this.#end(Number(answer.headers.get(CLOSE_CODE)) || LOST);
    } catch {
      // The network failed; what that means stands below.
    }
    this.#end(LOST);
  }

  async #read(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const stream = new EventStream();
    const text = new TextDecoder();
    const reader = body.getReader();
    for (let next = await reader.read(); !next.done && !this.#done; next = await reader.read()) {
      for (const event of stream.push(text.decode(next.value, { stream: true }))) this.#hear(event);
    }
  }

  #hear({ event, data }: ServerEvent): void {
    if (this.#done) return;
    if (event === "open") {
      this.#link = data[0] ?? "";
      this.#events.opened();
    } else if (event === "close") {
      this.#end(Number.parseInt(data[0] ?? "", 10) || LOST);
    } else {
      for (const line of data) if (!this.#done) this.#events.message(fromBase64(line));
    }
  }

  #end(code: number): void {
    if (this.#done) return;
    this.#done = true;
    this.#abort.abort();
    this.#events.closed(code);
  }

  // --- up ---

  /** One batch at a time, in order; the server knows by its number whether one comes again. */
  async #post(): Promise<void> {
    this.#posting = true;
    // What is said in one turn goes up together.
    await null;
    while (this.#waiting.length > 0 && !this.#done) {
      this.#batches += 1;
      const address = `${this.#address}/${this.#link}/${this.#batches}`;
      const { signal } = this.#abort;
      const call = { method: "POST", headers: this.#headers, body: this.#batch(), signal };
      const answer = await this.#fetch(address, call).catch(() => null);
      if (answer?.ok !== true) this.#end(LOST);
    }
    this.#posting = false;
  }

  #batch(): Uint8Array<ArrayBuffer> {
    const writer = new Writer(1024);
    let size = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (size > 0 && size + next.length > BATCH) break;
      writer.varBytes(next);
      size += next.length;
      this.#waiting.shift();
    }
    return writer.finish() as Uint8Array<ArrayBuffer>;
  }
}

/** `wss://host/yjs/{room}` → `https://host/api/rooms/{room}/frames` */
function framesAddress(url: string): string {
  return url.replace(/^ws/, "http").replace(/\/yjs\/([^/]+)$/, "/api/rooms/$1/frames");
}

function bearerOf(protocols: string[]): string {
  const found = protocols.find((one) => one.startsWith("bearer."));
  return found?.slice("bearer.".length) ?? "";
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
