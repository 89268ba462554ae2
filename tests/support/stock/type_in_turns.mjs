// Two stock clients type a sequential trace by turns: each goes on where it has seen everything the other typed.

import { StockClient } from "./client.mjs";
import { Y } from "./packages.mjs";
import { readTrace, Typist } from "./trace.mjs";

const FILE = "main.py";
const LONGEST_TURN = 200; // transactions
const DEADLINE = 60_000; // ms for one handover

const { path, limit, url, room, tokens, versions } = JSON.parse(process.argv[2]);
const txns = readTrace(path).txns.slice(0, limit ?? undefined);
let recheck = () => {};
const clients = tokens.map(
  (token, n) => new StockClient({ url, room, token, version: versions[n] }, () => recheck()),
);

/** Resolves as soon as `condition` holds; it is asked again whenever anything changes. */
function until(condition) {
  return new Promise((resolve, reject) => {
    const looks = clients.map((client) => ({ ...client.look(), files: undefined }));
    const timer = setTimeout(() => reject(new Error(`no progress: ${JSON.stringify(looks)}`)), DEADLINE);
    recheck = () => {
      if (!condition()) return;
      recheck = () => {};
      clearTimeout(timer);
      resolve();
    };
    recheck();
  });
}

/** Whether both have the same: clocks and length first, for the whole text is long. */
function agree() {
  const [a, b] = clients.map(({ doc }) => doc);
  for (const { clientID } of [a, b]) {
    if (Y.getState(a.store, clientID) !== Y.getState(b.store, clientID)) return false;
  }
  const [first, second] = clients.map((client) => client.text(FILE));
  return first.length === second.length && first.toString() === second.toString();
}

const began = Date.now();
for (const client of clients) client.connect();
await until(() => clients.every(({ provider }) => provider.synced));
const typist = new Typist();
let turns = 0;
for (let at = 0; at < txns.length; turns++) {
  const length = 1 + ((turns * 7919) % LONGEST_TURN);
  for (const txn of txns.slice(at, at + length)) typist.type(clients[turns % 2], FILE, txn);
  at += length;
  await until(agree);
}
await until(() => clients.every(({ seen }) => seen.updates === txns.length));
const result = {
  texts: clients.map((client) => client.text(FILE).toString()),
  closed: clients.flatMap(({ seen }) => seen.closed),
  turns,
  seconds: (Date.now() - began) / 1000,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
