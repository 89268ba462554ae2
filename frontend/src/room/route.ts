// Which way to the server a page takes: a WebSocket, or plain HTTP where the network lets no WebSocket through.

import { openHttpSocket } from "./http-socket";
import { openWebSocket, type Socket, type SocketEvents, type SocketFactory } from "./transport";

export type Way = "websocket" | "http";

/** Attempts that must have come to nothing, while the server could be reached by HTTP, before we go another way. */
const FAILURES = 2;

/** The choice alone: what came of each attempt goes in, the next way comes out. */
export class Route {
  #blocked = 0;
  #http = false;

  /** While WebSockets seem blocked, each way has its turn until one works: nobody knows what a network will do next. */
  next(): Way {
    if (this.#blocked < FAILURES) return "websocket";
    this.#http = !this.#http;
    return this.#http ? "http" : "websocket";
  }

  /** Something was heard this way. */
  worked(way: Way): void {
    if (way === "websocket") this.#blocked = 0;
    // So that the next attempt goes the same way again.
    else this.#http = false;
  }

  /** A WebSocket said nothing at all, though the server could be reached. */
  blocked(): void {
    this.#blocked += 1;
  }
}

export interface Ways {
  websocket: SocketFactory;
  http: SocketFactory;
  /** Whether the server answers plain HTTP just now. */
  reachable: (url: string) => Promise<boolean>;
}

const WAYS: Ways = { websocket: openWebSocket, http: openHttpSocket, reachable };

/** A factory whose sockets go the way that works. */
export function openByRoute(ways: Ways = WAYS, route = new Route()): SocketFactory {
  return (url, protocols, events) => {
    const way = route.next();
    let heard = false;
    /** An attempt that came to nothing says something of WebSockets only if the server was there. */
    const failed = () => {
      if (heard || way === "http") return;
      heard = true;
      void ways.reachable(url).then((there) => there && route.blocked());
    };
    const told: SocketEvents = {
      opened: () => events.opened(),
      message: (bytes) => {
        if (!heard) route.worked(way);
        heard = true;
        events.message(bytes);
      },
      closed: (code) => {
        // A code of ours comes from a server that was reached.
        if (code < 4000) failed();
        events.closed(code);
      },
    };
    return watched(ways[way](url, protocols, told), failed);
  };
}

/** We gave it up: it was silent for too long. */
function watched(socket: Socket, failed: () => void): Socket {
  return {
    send: (bytes) => socket.send(bytes),
    close: (code) => {
      failed();
      socket.close(code);
    },
  };
}

const PROBE_MS = 5_000;

async function reachable(url: string): Promise<boolean> {
  try {
    const address = new URL("/healthz", url.replace(/^ws/, "http"));
    const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(PROBE_MS) });
    return answer.ok;
  } catch {
    return false;
  }
}
