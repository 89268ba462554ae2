// A Hocuspocus provider and its socket, with the face of a y-websocket provider as far as tests look at it.

import { hocuspocus } from "./packages.mjs";
import { watched } from "./socket.mjs";

// As everywhere but sooner: a test does not wait seconds for the next attempt.
const SOON = { delay: 100, minDelay: 100, maxDelay: 300 };

export class HocuspocusLink {
  /** `beside`, another link, lends its socket: several documents go over one. */
  constructor({ url, room, token, version, session }, document, awareness, watch, beside) {
    const { HocuspocusProvider, HocuspocusProviderWebsocket } = hocuspocus[version];
    const options = { url: url.replace(/\/yjs$/, "/hp"), autoConnect: false, ...SOON };
    this.beside = beside;
    this.socket =
      beside?.socket ?? new HocuspocusProviderWebsocket({ ...options, WebSocketPolyfill: watched(watch) });
    this.provider = new HocuspocusProvider({
      name: room,
      document,
      awareness,
      token,
      websocketProvider: this.socket,
      sessionAwareness: session ?? false,
    });
    this.seen = { scope: "", stateless: [], left: [] };
    this.provider.on("authenticated", ({ scope }) => watch.note(() => (this.seen.scope = scope)));
    this.provider.on("authenticationFailed", ({ reason }) => watch.denied(reason));
    this.provider.on("synced", () => watch.note(() => {}));
    this.provider.on("unsyncedChanges", () => watch.note(() => {}));
    this.provider.on("status", ({ status }) => watch.status(status));
    this.provider.on("close", ({ event }) => {
      const made = Object.getPrototypeOf(event) === Object.prototype; // of a message, not by the socket
      if (made) watch.note(() => this.seen.left.push(event.reason));
    });
    if (!beside) this.provider.attach();
  }

  connect() {
    this.provider.attach();
    this.socket.connect();
  }

  disconnect() {
    this.socket.disconnect();
  }

  /** Take part in the document no more; the socket stays. */
  detach() {
    this.provider.detach();
  }

  destroy() {
    this.provider.destroy();
    if (!this.beside) this.socket.destroy();
  }

  look() {
    const { unsyncedChanges, isAuthenticated } = this.provider;
    const closed_documents = this.seen.left.length;
    return { ...this.seen, closed_documents, unsynced: unsyncedChanges, authenticated: isAuthenticated };
  }

  get synced() {
    return this.provider.synced;
  }

  get shouldConnect() {
    return this.socket.shouldConnect;
  }

  // What comes and goes: an address, then what y-websocket has too

  inside(frame) {
    return frame.subarray(1 + frame[0]); // no test has a room whose name takes two bytes to count
  }
}
