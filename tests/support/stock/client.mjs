// A stock client: a Yjs document and awareness on an unmodified y-websocket provider, and what a test asks of it.

import { awarenessProtocol, decoding, providers, Y } from "./packages.mjs";
import { watched } from "./socket.mjs";

const [SYNC, AWARENESS, AUTH] = [0, 1, 2];

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

export class StockClient {
  /** `changed` is called whenever anything that `look` shows may have changed. */
  constructor({ url, room, token, version, clientId }, changed = () => {}) {
    this.doc = new Y.Doc();
    if (clientId !== undefined) this.doc.clientID = clientId;
    this.awareness = new awarenessProtocol.Awareness(this.doc);
    this.changed = changed;
    this.seen = { status: "new", opened: 0, closed: [], keepalives: 0, denied: [], resent: 0, updates: 0 };
    // Without disableBc, clients of one process would talk past the server.
    this.provider = new providers[version](url, room, this.doc, {
      params: { token },
      awareness: this.awareness,
      WebSocketPolyfill: watched(this),
      disableBc: true,
      connect: false,
    });
    this.provider.on("status", ({ status }) => this.note(() => (this.seen.status = status)));
    this.provider.on("sync", () => this.changed());
    this.doc.on("update", () => this.changed());
    this.awareness.on("update", () => this.changed());
  }

  connect() {
    this.provider.connect();
  }

  disconnect() {
    this.provider.disconnect();
  }

  destroy() {
    this.doc.clientID = this.awareness.clientID; // y-websocket fails to leave where yjs has changed its id
    this.provider.destroy();
    this.awareness.destroy();
    this.doc.destroy();
  }

  /** Everything a test may wait for. */
  look() {
    const others = [...this.awareness.getStates()].filter(([client]) => client !== this.doc.clientID);
    const peers = others.map(([client, state]) => ({ client, ...state }));
    const files = [...this.doc.share.keys()].map((file) => [file, this.text(file).toString()]);
    const { synced, shouldConnect } = this.provider;
    return { ...this.seen, id: this.doc.clientID, synced, shouldConnect, peers, files: Object.fromEntries(files) };
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

  sent(frame) {
    if (frame[0] !== AWARENESS) return;
    if (clientsIn(frame).some((client) => client !== this.doc.clientID)) this.note(() => this.seen.resent++);
  }

  received(frame, pass) {
    if (frame[0] === SYNC && frame[1] === 2) this.seen.updates++;
    if (frame[0] === SYNC && frame[1] === 0) this.seen.opened++;
    if (frame[0] === AWARENESS && frame.length === 3) this.seen.keepalives++;
    if (frame[0] === AUTH) this.seen.denied.push(decoding.readVarString(decoding.createDecoder(frame.slice(2))));
    pass();
    this.changed();
  }

  closed(code, reason) {
    this.note(() => this.seen.closed.push({ code, reason: String(reason) }));
  }

  note(change) {
    change();
    this.changed();
  }
}
