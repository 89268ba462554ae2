// The one owner of the socket: opens it for an attempt, turns bytes into frames and back, and forgets it when told.

import type { ClientFrame } from "../../../protocol/ts/envelope";
import {
  decodeServer,
  ENVELOPE,
  encodeClient,
  type ServerFrame,
  SUBPROTOCOL,
} from "../../../protocol/ts/envelope";
import { ProtocolError } from "../../../protocol/ts/errors";
import { AWARENESS, decodeStock } from "../../../protocol/ts/sync";

/** As much of a WebSocket as we need; tests put a pair of lists in its place. */
export interface Socket {
  send(bytes: Uint8Array): void;
  close(code: number): void;
}

export interface SocketEvents {
  opened(): void;
  message(bytes: Uint8Array): void;
  closed(code: number): void;
}

export type SocketFactory = (url: string, protocols: string[], events: SocketEvents) => Socket;

/** What the socket says, each with the attempt that it belongs to. */
export interface TransportEvents {
  opened(generation: number): void;
  frame(generation: number, frame: ServerFrame): void;
  awareness(generation: number, update: Uint8Array): void;
  closed(generation: number, code: number): void;
}

/** Whoever sends what we cannot read runs another version, or is not our server. */
const UNREADABLE = 4400;

export class Transport {
  readonly #url: string;
  readonly #factory: SocketFactory;
  readonly #events: TransportEvents;
  #socket: Socket | null = null;

  constructor(url: string, factory: SocketFactory, events: TransportEvents) {
    this.#url = url;
    this.#factory = factory;
    this.#events = events;
  }

  connect(generation: number, token: string): void {
    const events = this.#events;
    this.#socket = this.#factory(this.#url, [SUBPROTOCOL, `bearer.${token}`], {
      opened: () => events.opened(generation),
      message: (bytes) => this.#read(generation, bytes),
      closed: (code) => events.closed(generation, code),
    });
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(encodeClient(frame));
  }

  /** A stock frame: awareness travels as such in both dialects. */
  sendRaw(bytes: Uint8Array): void {
    this.#socket?.send(bytes);
  }

  drop(code: number): void {
    this.#socket?.close(code);
    this.#socket = null;
  }

  #read(generation: number, bytes: Uint8Array): void {
    try {
      this.#dispatch(generation, bytes);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.drop(UNREADABLE);
      this.#events.closed(generation, UNREADABLE);
    }
  }

  #dispatch(generation: number, bytes: Uint8Array): void {
    if (bytes[0] === ENVELOPE) {
      this.#events.frame(generation, decodeServer(bytes));
    } else if (bytes[0] === AWARENESS) {
      const frame = decodeStock(bytes);
      if (frame.type === "awareness") this.#events.awareness(generation, frame.payload);
    }
  }
}

/** The browser's own socket. After `close` it says nothing more: a half-open one may take minutes to admit it. */
export function openWebSocket(url: string, protocols: string[], events: SocketEvents): Socket {
  const socket = new WebSocket(url, protocols);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
  };
  socket.onclose = ({ code }) => events.closed(code);
  return {
    send: (bytes) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(bytes as Uint8Array<ArrayBuffer>);
    },
    close: (code) => {
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close(code);
    },
  };
}
