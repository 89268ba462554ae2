// Stock clients on a leash: commands come as JSON lines on stdin, each is answered by one JSON line on stdout.

import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";
import { StockClient } from "./client.mjs";

// y-websocket prints refusals and yjs a changed client id; stdout is for answers.
console.log = console.warn = () => {};

const clients = new Map();
const waiting = new Set();

function recheck() {
  for (const check of waiting) check();
}

const includes = (whole, part) => Object.entries(part).every(([key, value]) => isDeepStrictEqual(whole[key], value));

/** Whether a look shows all that is expected; counters must have come that far at least. */
function shows(look, expected) {
  return Object.entries(expected).every(([key, wanted]) => {
    if (key === "files") return Object.entries(wanted).every(([file, text]) => (look.files[file] ?? "") === text);
    if (key === "peers") return isDeepStrictEqual(look.peers.map((peer) => peer.user?.name).sort(), wanted);
    if (key === "peer") return look.peers.some((peer) => includes(peer, wanted));
    if (key === "closed") return look.closed.some(({ code }) => code === wanted);
    if (key === "unsynced") return look[key] === wanted;
    if (typeof wanted === "number") return look[key] >= wanted;
    return isDeepStrictEqual(look[key], wanted);
  });
}

function until(client, { expected, seconds }) {
  return new Promise((resolve, reject) => {
    const settle = (done) => {
      clearTimeout(timer);
      waiting.delete(check);
      done();
    };
    const late = () => {
      const words = `waited ${seconds} s for ${JSON.stringify(expected)}: ${JSON.stringify(client.look())}`;
      settle(() => reject(new Error(words)));
    };
    const check = () => {
      const look = client.look();
      if (shows(look, expected)) settle(() => resolve(look));
    };
    const timer = setTimeout(late, seconds * 1000);
    waiting.add(check);
    check();
  });
}

const commands = {
  open: (name, options) => {
    clients.set(name, new StockClient(options, recheck, clients.get(options.beside)));
  },
  connect: (name) => clients.get(name).connect(),
  disconnect: (name) => clients.get(name).disconnect(),
  detach: (name) => clients.get(name).link.detach(),
  sendToken: (name) => clients.get(name).link.provider.sendToken(),
  sendStateless: (name, { payload }) => clients.get(name).link.provider.sendStateless(payload),
  forceSync: (name) => clients.get(name).link.provider.forceSync(),
  insert: (name, { file, at, text }) => clients.get(name).insert(file, at, text),
  delete: (name, { file, at, length }) => clients.get(name).delete(file, at, length),
  setState: (name, { state }) => clients.get(name).setState(state),
  forgeState: (name, { of, clock, state }) => clients.get(name).forgeState(of, clock, state),
  look: (name) => clients.get(name).look(),
  until: (name, options) => until(clients.get(name), options),
  destroy: (name) => {
    clients.get(name).destroy();
    clients.delete(name);
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, client, ...options } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await commands[command](client, options)) ?? null };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
