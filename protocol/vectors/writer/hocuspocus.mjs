// hocuspocus.json: what Hocuspocus' own providers and server write, and frames that must be refused.

import { Y, encoding, hex, require, save } from "./packages.mjs";

const { OutgoingMessage } = require("@hocuspocus/server");
const ROOM = "abcdefghjk";

/** A socket that notes what a provider sends, and on which a test can say something. */
function socket(sent) {
  return class {
    readyState = 1;
    listeners = {};
    constructor() {
      setTimeout(() => this.tell("open", {}));
    }
    addEventListener(name, listener) {
      this.listeners[name] = listener;
    }
    removeEventListener(name) {
      delete this.listeners[name];
    }
    tell(name, event) {
      this.listeners[name]?.(event);
    }
    send(frame) {
      sent.push(hex(frame));
    }
    close() {}
  };
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

/** The frames of a short life: token, step 1, awareness, an edit, stateless, a ping's answer, the end. */
async function life(line, { session = false } = {}) {
  const { HocuspocusProvider, HocuspocusProviderWebsocket } = require(`hocuspocus-${line}`);
  const sent = [];
  const websocketProvider = new HocuspocusProviderWebsocket({ url: "ws://h/hp", WebSocketPolyfill: socket(sent) });
  const document = new Y.Doc();
  document.clientID = 1;
  const name = ROOM;
  const options = { name, document, token: "to.ken", websocketProvider, sessionAwareness: session };
  const provider = new HocuspocusProvider(options);
  provider.sessionId = "s3ss10n";
  provider.awareness.setLocalState({ n: 1 });
  provider.attach();
  await turn();
  document.getText("t").insert(0, "a");
  provider.sendStateless("hello");
  if (line === 4 && !session) websocketProvider.onMessage({ data: Uint8Array.of(9).buffer });
  provider.awareness.setLocalState(null);
  provider.detach();
  websocketProvider.destroy();
  return sent;
}

const address = (session) => (session ? `${ROOM}\0s3ss10n` : ROOM);
const shared = (session, kind) => (frame) => ({
  type: kind,
  address: address(session),
  frame: frame.slice(2 * (address(session).length + 1)),
});

/** Says what the frames of a life mean, by their type. */
function told(line, session, frames) {
  return frames.map((frame) => {
    if (frame === "0a") return { name: `line ${line}: pong`, type: "pong", hex: frame };
    const kind = Number.parseInt(frame.slice(2 * (address(session).length + 1)).slice(0, 2), 16);
    const at = { address: address(session) };
    const what = {
      0: ["sync", shared(session, "content")(frame)],
      1: ["awareness", shared(session, "content")(frame)],
      2: ["token", { type: "token", ...at, token: "to.ken", version: line === 4 ? "4.8.0" : "" }],
      5: ["stateless", { type: "stateless", ...at, payload: "hello" }],
      7: ["close", { type: "close", ...at }],
    }[kind];
    return { name: `line ${line}${session ? ", with a session" : ""}: ${what[0]}`, ...what[1], hex: frame };
  });
}

const clients = [
  ...told(3, false, await life(3)),
  ...told(4, false, await life(4)),
  ...told(4, true, await life(4, { session: true })),
];

const server = (name, meaning, write) => {
  const message = new OutgoingMessage(ROOM);
  write(message);
  return { name, address: ROOM, ...meaning, hex: hex(message.toUint8Array()) };
};
const doc = new Y.Doc();
const servers = [
  server("may write", { type: "authenticated", writes: true }, (m) => m.writeAuthenticated(false)),
  server("may read", { type: "authenticated", writes: false }, (m) => m.writeAuthenticated(true)),
  server("refused", { type: "permission_denied", reason: "no" }, (m) => m.writePermissionDenied("no")),
  server("saved", { type: "saved" }, (m) => m.writeSyncStatus(true)),
  server("not saved", { type: "not_saved" }, (m) => m.writeSyncStatus(false)),
  server("closed", { type: "close", reason: "bye" }, (m) => m.writeCloseMessage("bye")),
  server("step 1", { type: "step1" }, (m) => m.createSyncMessage().writeFirstSyncStepFor(doc)),
];

const text = (value) => {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, value);
  return hex(encoding.toUint8Array(encoder));
};
save("hocuspocus", "@hocuspocus/provider 3.4.4 and 4.8.0, @hocuspocus/server 4.7.0; the refused frames by hand", {
  clients,
  servers,
  refused: [
    { hex: "", why: "nothing there" },
    { hex: "00", why: "one byte that is neither ping nor pong" },
    { hex: "0009", why: "an empty address" },
    { hex: `${text("r".repeat(201))}00000100`, why: "an address of 201 characters" },
    { hex: "0172", why: "an address alone" },
    { hex: "02ff7203", why: "an address that is not UTF-8" },
    { hex: "81007207", why: "an over-long length" },
    { hex: "01728200", why: "an over-long message type" },
    { hex: "01720201" + text("no"), why: "permission denied from a client" },
    { hex: "01720202" + text("read-write"), why: "authenticated from a client" },
    { hex: "01720200", why: "auth without a token" },
    { hex: "01720200" + text("t") + text("4.8.0") + "00", why: "bytes behind the version" },
    { hex: "01720400000100", why: "a sync reply, which servers alone send one another" },
    { hex: "017205", why: "stateless without a payload" },
    { hex: "017206" + text("x"), why: "a broadcast, which servers alone send one another" },
    { hex: "01720700", why: "bytes behind a close" },
    { hex: "01720801", why: "a sync status from a client" },
    { hex: "017209", why: "a ping with an address" },
    { hex: "01720b", why: "unknown message type" },
  ],
});
