// The npm packages of the stock clients, out of the frontend's folder, the only one that has packages.

import { createRequire } from "node:module";

const require = createRequire(new URL("../../../frontend/package.json", import.meta.url));

export const Y = require("yjs");
export const WebSocket = require("ws");
export const decoding = require("lib0/decoding");
export const awarenessProtocol = require("y-protocols/awareness");

/** The providers of Hocuspocus' two lines. */
export const hocuspocus = {
  hp3: require("hocuspocus-provider-3"),
  hp4: require("@hocuspocus/provider"),
};

/** WebsocketProvider of each line of y-websocket that people run; all of them on the one yjs above. */
export const providers = {
  1: require("y-websocket-1").WebsocketProvider,
  2: require("y-websocket-2").WebsocketProvider,
  3: require("y-websocket").WebsocketProvider,
};
