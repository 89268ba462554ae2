// The WebSocket under a stock client: passes everything on as it is, tells of it, and can hold back what came.

import { WebSocket } from "./packages.mjs";

/**
 * A class for y-websocket's `WebSocketPolyfill`. `watch.sent(bytes)` and `watch.closed(code, reason)` tell of
 * frames out and of the end; `watch.received(bytes, pass)` gets each frame and calls `pass` when the client may
 * have it, at once or later, as a slow network would.
 */
export function watched(watch) {
  return class extends WebSocket {
    constructor(...args) {
      super(...args);
      this.addEventListener("close", ({ code, reason }) => watch.closed(code, reason));
    }

    set onmessage(handler) {
      super.onmessage =
        handler &&
        ((event) => watch.received(new Uint8Array(event.data), () => this.onmessage && handler(event)));
    }

    get onmessage() {
      return super.onmessage;
    }

    send(data) {
      watch.sent(new Uint8Array(data));
      super.send(data);
    }
  };
}
