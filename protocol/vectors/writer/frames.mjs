// sync.json and awareness.json: frames as y-protocols writes them, and frames that must be refused.

import { Y, auth, awareness, encoding, hex, save, sync, written } from "./packages.mjs";

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const QUERY = 3;

function doc(client) {
  const made = new Y.Doc();
  made.clientID = client;
  return made;
}

const framed = (type, write) =>
  hex(
    written((encoder) => {
      encoding.writeVarUint(encoder, type);
      write(encoder);
    }),
  );

const empty = doc(1);
const one = doc(1);
const two = doc(0xffffffff);
let update;
one.on("update", (bytes) => {
  update = bytes;
});
one.getText("t").insert(0, "a");
two.getText("t").insert(0, "zwei 😀");
Y.applyUpdate(two, Y.encodeStateAsUpdate(one));
const vector = Object.fromEntries(Y.decodeStateVector(Y.encodeStateVector(two)));

const frames = [
  { name: "step 1 of an empty document", type: "step1", vector: {}, hex: framed(SYNC, (e) => sync.writeSyncStep1(e, empty)) },
  { name: "step 1 of two clients", type: "step1", vector, hex: framed(SYNC, (e) => sync.writeSyncStep1(e, two)) },
  {
    name: "step 2, nothing missing",
    type: "step2",
    update: "0000",
    hex: framed(SYNC, (e) => sync.writeSyncStep2(e, empty)),
  },
  {
    name: "step 2 of everything",
    type: "step2",
    update: hex(Y.encodeStateAsUpdate(two)),
    hex: framed(SYNC, (e) => sync.writeSyncStep2(e, two)),
  },
  {
    name: "client 1 inserts a in Text t",
    type: "update",
    update: hex(update),
    hex: framed(SYNC, (e) => sync.writeUpdate(e, update)),
  },
  {
    name: "permission denied",
    type: "permission_denied",
    reason: "no",
    hex: framed(AUTH, (e) => auth.writePermissionDenied(e, "no")),
  },
  { name: "query awareness", type: "query_awareness", hex: framed(QUERY, () => {}) },
  { name: "no awareness states", type: "awareness", payload: "00", hex: "010100" },
];

save("sync", "yjs 13.6.33 and y-protocols 1.0.7; the refused frames by hand", {
  frames,
  refused: [
    { hex: "", why: "nothing there" },
    { hex: "8000000100", why: "over-long message type" },
    { hex: "0080000100", why: "over-long sync type" },
    { hex: "0003020000", why: "unknown sync type" },
    { hex: "0000", why: "step 1 without a vector" },
    { hex: "0000010000", why: "bytes after the frame" },
    { hex: "00000100" + "0002020000", why: "a second message in the frame" },
    { hex: "0000020100", why: "state vector cut short" },
    { hex: "0000050201010102", why: "state vector with the same client twice" },
    { hex: "000007018080808010" + "01", why: "state vector with a client of 33 bits" },
    { hex: "00000aff ffff ffff ffff ffff 01".replaceAll(" ", ""), why: "state vector that counts 2^64 clients" },
    { hex: "000203", why: "update cut short" },
    { hex: "0201" + "026e6f", why: "unknown auth message" },
    { hex: "0300", why: "query awareness with more behind it" },
    { hex: "0400", why: "unknown message type" },
    { hex: "7001a0", why: "frame 112 where it was not negotiated" },
  ],
});

function states(...list) {
  const holder = new awareness.Awareness(doc(7));
  for (const { client, clock, state } of list) {
    holder.states.set(client, state);
    holder.meta.set(client, { clock, lastUpdated: 0 });
  }
  const payload = awareness.encodeAwarenessUpdate(
    holder,
    list.map(({ client }) => client),
  );
  holder.destroy();
  return {
    payload: hex(payload),
    frame: framed(AWARENESS, (e) => encoding.writeVarUint8Array(e, payload)),
    states: list.map(({ client, clock, state }) => ({ client, clock, text: state && JSON.stringify(state) })),
  };
}

const user = { name: "Ada 😀", color: "#30bced", colorLight: "#30bced33" };
const cursor = { anchor: { type: null, tname: "main.py", item: { client: 1, clock: 3 }, assoc: 0 }, head: null };
save("awareness", "y-protocols 1.0.7; the refused payloads by hand", {
  payloads: [
    { name: "nobody", ...states() },
    { name: "client 1, clock 1, n = 1", ...states({ client: 1, clock: 1, state: { n: 1 } }) },
    { name: "a user with a cursor", ...states({ client: 0xffffffff, clock: 300, state: { user, cursor } }) },
    { name: "somebody gone", ...states({ client: 9, clock: 17, state: null }) },
    {
      name: "three at once",
      ...states(
        { client: 1, clock: 1, state: { user } },
        { client: 2, clock: 0, state: null },
        { client: 300, clock: 128, state: {} },
      ),
    },
  ],
  refused: [
    { payload: "", why: "nothing there" },
    { payload: "01", why: "counts more than there is" },
    { payload: "0101", why: "cut short" },
    { payload: "010101027b7d00", why: "bytes behind the last state" },
    { payload: "01808080801001027b7d", why: "a client of 33 bits" },
    { payload: "01010102ff7d", why: "not UTF-8" },
    { payload: "01018100027b7d", why: "over-long clock" },
    { payload: "ffffffffffffffffff01", why: "counts 2^64 states" },
  ],
});
