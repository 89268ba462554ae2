// The WebSocket under a stock client: passes everything on as it is, tells of it, and can hold back what came.

import { WebSocket } from "./packages.mjs";

/**
 * A class for a provider's `WebSocketPolyfill`. `watch.sent(bytes)` and `watch.closed(code, reason)` tell of
 * frames out and of the end; `watch.received(bytes, pass)` gets each frame and calls `pass` when the client may
 * have it, at once or later, as a slow network would.
 */
export function watched(watch) {
  return class extends WebSocket {
    wrapped = new Map();

    constructor(...args) {
      super(...args);
      super.addEventListener("error", () => {}); // unheard, one would end Node, as it would not end a page
      super.addEventListener("close", ({ code, reason }) => watch.closed(code, reason));
    }

    set onmessage(handler) {
      super.onmessage =
        handler &&
        ((event) => watch.received(new Uint8Array(event.data), () => this.onmessage && handler(event)));
    }

    get onmessage() {
      return super.onmessage;
    }

    // y-websocket sets `onmessage`, for which `ws` itself calls this with options; Hocuspocus adds listeners.
    addEventListener(name, handler, options) {
      if (name !== "message" || options) return super.addEventListener(name, handler, options);
      const pass = (event) => this.wrapped.has(handler) && handler(event);
      const told = (event) => watch.received(new Uint8Array(event.data), () => pass(event));
      this.wrapped.set(handler, told);
      super.addEventListener(name, told);
    }

    removeEventListener(name, handler) {
      super.removeEventListener(name, this.wrapped.get(handler) ?? handler);
      this.wrapped.delete(handler);
    }

    send(data) {
      watch.sent(new Uint8Array(data));
      super.send(data);
    }
  };
}
