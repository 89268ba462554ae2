// A network of two lists for each connection, delivered by hand and cut at will.

import type { Socket, SocketEvents } from "../../src/room/transport";

/** What the server end of a connection is told. */
export interface ServerEnd {
  received(bytes: Uint8Array): void;
  gone(): void;
}

export class FakeWire {
  readonly #client: SocketEvents;
  #server: ServerEnd | null = null;
  #toServer: Uint8Array[] = [];
  #toClient: (Uint8Array | number)[] = [];
  #opened = false;
  /** Neither end hears anything, and neither is told so. */
  dead = false;
  closed = false;

  constructor(client: SocketEvents) {
    this.#client = client;
  }

  attach(server: ServerEnd): void {
    this.#server = server;
  }

  /** The client's end. */
  readonly socket: Socket = {
    send: (bytes) => {
      if (!this.dead && !this.closed) this.#toServer.push(bytes);
    },
    close: () => this.#hangUp(),
  };

  sendToClient(bytes: Uint8Array): void {
    if (!this.dead && !this.closed) this.#toClient.push(bytes);
  }

  closeFromServer(code: number): void {
    if (!this.dead && !this.closed) this.#toClient.push(code);
    this.#server = null;
  }

  get busy(): boolean {
    return !this.dead && !this.closed && (!this.#opened || this.#toServer.length + this.#toClient.length > 0);
  }

  /** Delivers one thing, in the direction wanted if there is any. */
  step(direction: "up" | "down"): void {
    if (this.dead || this.closed) return;
    if (!this.#opened) this.#open();
    else if (direction === "up") this.#up();
    else this.#down();
  }

  /** The network fails; what was under way is lost. The server may notice later. */
  cut({ serverNotices = true }: { serverNotices?: boolean } = {}): void {
    if (this.closed) return;
    this.#drop(serverNotices);
    this.#client.closed(1006);
  }

  /** Nothing arrives any more, but both ends believe in it. */
  stall(): void {
    this.dead = true;
    this.#toServer = [];
    this.#toClient = [];
  }

  #open(): void {
    this.#opened = true;
    this.#client.opened();
  }

  #up(): void {
    const bytes = this.#toServer.shift();
    if (bytes !== undefined) this.#server?.received(bytes);
  }

  #down(): void {
    const next = this.#toClient.shift();
    if (next === undefined) return;
    if (typeof next !== "number") this.#client.message(next);
    else {
      this.#drop(true);
      this.#client.closed(next);
    }
  }

  #hangUp(): void {
    if (!this.dead) this.#drop(true);
    this.closed = true;
  }

  #drop(serverNotices: boolean): void {
    this.closed = true;
    this.#toServer = [];
    this.#toClient = [];
    if (serverNotices) this.#server?.gone();
  }
}
