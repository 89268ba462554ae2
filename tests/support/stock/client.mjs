// A stock client: a Yjs document and awareness on an unmodified provider, and what a test asks of it.

import { HocuspocusLink } from "./hocuspocus.mjs";
import { awarenessProtocol, decoding, providers, Y } from "./packages.mjs";
import { watched } from "./socket.mjs";

const [SYNC, AWARENESS, AUTH, SYNC_STATUS] = [0, 1, 2, 8];

/** The client ids in an awareness frame. */
function clientsIn(frame) {
  const decoder = decoding.createDecoder(frame);
  decoding.readVarUint(decoder);
  const states = decoding.createDecoder(decoding.readVarUint8Array(decoder));
  return Array.from({ length: decoding.readVarUint(states) }, () => {
    const client = decoding.readVarUint(states);
    decoding.readVarUint(states);
    decoding.readVarString(states);
    return client;
  });
}

/** y-websocket, and its face. */
class YWebsocketLink {
  constructor({ url, room, token, version }, document, awareness, watch) {
    // Without disableBc, clients of one process would talk past the server.
    this.provider = new providers[version](url, room, document, {
      params: { token },
      awareness,
      WebSocketPolyfill: watched(watch),
      disableBc: true,
      connect: false,
    });
    this.provider.on("status", ({ status }) => watch.status(status));
    this.provider.on("sync", () => watch.note(() => {}));
  }

  connect() {
    this.provider.connect();
  }

  disconnect() {
    this.provider.disconnect();
  }

  destroy() {
    this.provider.destroy();
  }

  look() {
    return {};
  }

  get synced() {
    return this.provider.synced;
  }

  get shouldConnect() {
    return this.provider.shouldConnect;
  }

  inside(frame) {
    return frame;
  }
}

export class StockClient {
  /** `changed` is called whenever anything that `look` shows may have changed; `beside` is a client whose socket
   * this one shares. */
  constructor(options, changed = () => {}, beside = undefined) {
    this.doc = new Y.Doc();
    if (options.clientId !== undefined) this.doc.clientID = options.clientId;
    this.awareness = new awarenessProtocol.Awareness(this.doc);
    this.changed = changed;
    const counters = { opened: 0, keepalives: 0, resent: 0, updates: 0, saved: 0, unsaved: 0 };
    this.seen = { status: "new", closed: [], denied: [], ...counters };
    const Link = options.version in providers ? YWebsocketLink : HocuspocusLink;
    this.link = new Link(options, this.doc, this.awareness, this, beside?.link);
    this.doc.on("update", () => this.changed());
    this.awareness.on("update", ({ added, updated, removed }, origin) => {
      // What is here is said again; whoever is alone gets an empty frame (see `received`).
      if (origin !== "local" && updated.length > 0 && added.length + removed.length === 0) this.seen.keepalives++;
      this.changed();
    });
  }

  /** The provider itself, for scripts that wait for its own events. */
  get provider() {
    return this.link.provider;
  }

  connect() {
    this.link.connect();
  }

  disconnect() {
    this.link.disconnect();
  }

  destroy() {
    this.doc.clientID = this.awareness.clientID; // y-websocket fails to leave where yjs has changed its id
    this.link.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }

  /** Everything a test may wait for. */
  look() {
    const others = [...this.awareness.getStates()].filter(([client]) => client !== this.doc.clientID);
    const peers = others.map(([client, state]) => ({ client, ...state }));
    const files = [...this.doc.share.keys()].map((file) => [file, this.text(file).toString()]);
    const { synced, shouldConnect } = this.link;
    const own = { id: this.doc.clientID, peers, files: Object.fromEntries(files) };
    return { ...this.seen, ...this.link.look(), synced, shouldConnect, ...own };
  }

  text(file) {
    return this.doc.getText(file);
  }

  insert(file, at, text) {
    this.text(file).insert(at, text);
  }

  delete(file, at, length) {
    this.text(file).delete(at, length);
  }

  setState(state) {
    this.awareness.setLocalState(state);
  }

  /** Speak for another client, as a forger would. */
  forgeState(client, clock, state) {
    this.awareness.states.set(client, state);
    this.awareness.meta.set(client, { clock, lastUpdated: Date.now() });
    this.awareness.emit("update", [{ added: [], updated: [client], removed: [] }, "local"]);
  }

  // What the socket tells

  sent(whole) {
    const frame = this.link.inside(whole);
    if (frame[0] !== AWARENESS) return;
    if (clientsIn(frame).some((client) => client !== this.doc.clientID)) this.note(() => this.seen.resent++);
  }

  received(whole, pass) {
    const frame = this.link.inside(whole);
    if (frame[0] === SYNC && frame[1] === 2) this.seen.updates++;
    if (frame[0] === SYNC && frame[1] === 0) this.seen.opened++;
    if (frame[0] === AWARENESS && frame.length === 3) this.seen.keepalives++;
    if (frame[0] === SYNC_STATUS && frame[1] === 1) this.seen.saved++;
    if (frame[0] === SYNC_STATUS && frame[1] === 0) this.seen.unsaved++;
    if (frame[0] === AUTH && frame[1] === 0) this.seen.denied.push(decoding.readVarString(decoding.createDecoder(frame.slice(2))));
    pass();
    this.changed();
  }

  denied(reason) {
    this.note(() => this.seen.denied.push(reason));
  }

  status(status) {
    this.note(() => (this.seen.status = status));
  }

  closed(code, reason) {
    this.note(() => this.seen.closed.push({ code, reason: String(reason) }));
  }

  note(change) {
    change();
    this.changed();
  }
}
