// The socket made of plain HTTP against a server of its own, and which way a page takes.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Reader } from "../../../protocol/ts/varint";
import { EventStream } from "../../src/room/event-stream";
import { openHttpSocket } from "../../src/room/http-socket";
import { openByRoute, Route, type Ways } from "../../src/room/route";
import type { SocketEvents, SocketFactory } from "../../src/room/transport";

const TOKEN = "t0ken";

/** What the server was asked, and what it answers. */
class Far {
  readonly server: Server;
  readonly batches: { number: number; frames: string[] }[] = [];
  readonly left: string[] = [];
  refuse: { status: number; code?: string } | null = null;
  failPosts = false;
  #down: ServerResponse | null = null;

  constructor() {
    this.server = createServer((request, response) => void this.#answer(request, response));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/yjs/room-1`;
  }

  say(text: string): void {
    this.#down?.write(text);
  }

  hangUp(): void {
    this.#down?.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, address = "", link, number] =
      /^(\/api\/rooms\/room-1\/frames)(?:\/(\w+))?(?:\/(\d+))?$/.exec(request.url ?? "") ?? [];
    if (address === "" || request.headers.authorization !== `Bearer ${TOKEN}`) {
      response.writeHead(404).end();
    } else if (request.method === "DELETE") {
      this.left.push(link ?? "");
      response.writeHead(204).end();
    } else if (request.method === "POST") {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      const reader = new Reader(new Uint8Array(Buffer.concat(pieces)));
      const frames: string[] = [];
      while (reader.left > 0) frames.push(Buffer.from(reader.varBytes()).toString());
      this.batches.push({ number: Number(number), frames });
      response.writeHead(this.failPosts ? 502 : 204).end();
    } else if (this.refuse !== null) {
      const { status, code } = this.refuse;
      response.writeHead(status, code === undefined ? {} : { "Fourhands-Close": code }).end();
    } else {
      this.#down = response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.on("close", () => this.left.push("way down"));
      this.say("event: open\ndata: link1\n\n");
    }
  }
}

class Near implements SocketEvents {
  readonly said: string[] = [];
  #wake: () => void = () => {};

  opened(): void {
    this.#say("opened");
  }

  message(bytes: Uint8Array): void {
    this.#say(Buffer.from(bytes).toString());
  }

  closed(code: number): void {
    this.#say(`closed ${code}`);
  }

  async hears(...words: string[]): Promise<void> {
    while (this.said.length < words.length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    expect(this.said).toEqual(words);
  }

  #say(word: string): void {
    this.said.push(word);
    this.#wake();
  }
}

let far: Far;
let near: Near;

beforeEach(async () => {
  far = new Far();
  near = new Near();
  await new Promise<void>((resolve) => far.server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => {
  far.server.closeAllConnections();
  far.server.close();
});

const open = () => openHttpSocket(far.url, ["fourhands.v1", `bearer.${TOKEN}`], near);
const bytes = (text: string) => new Uint8Array(Buffer.from(text));
const b64 = (text: string) => Buffer.from(text).toString("base64");

test("frames come down in order, several to an event", async () => {
  open();
  await near.hears("opened");
  far.say(`data: ${b64("one")}\ndata: ${b64("two")}\n\nda`);
  far.say(`ta: ${b64("three")}\n\n`);
  await near.hears("opened", "one", "two", "three");
});

test("frames go up in numbered batches, one at a time", async () => {
  const socket = open();
  await near.hears("opened");
  for (const word of ["a", "b", "c"]) socket.send(bytes(word));
  await expect.poll(() => far.batches.length).toBe(1);
  socket.send(bytes("d"));
  await expect
    .poll(() => far.batches)
    .toEqual([
      { number: 1, frames: ["a", "b", "c"] },
      { number: 2, frames: ["d"] },
    ]);
});

test("the server's close code is told once, and then nothing", async () => {
  const socket = open();
  await near.hears("opened");
  far.say(`event: close\ndata: 4303 another page\n\ndata: ${b64("late")}\n\n`);
  await near.hears("opened", "closed 4303");
  socket.send(bytes("late"));
  expect(far.batches).toEqual([]);
});

test.each([
  [{ status: 401, code: "4401" }, "closed 4401"],
  [{ status: 502 }, "closed 1006"],
])("a refusal %o", async (refusal, word) => {
  far.refuse = refusal;
  open();
  await near.hears(word);
});

test("a way down that breaks is a lost link", async () => {
  open();
  await near.hears("opened");
  far.hangUp();
  await near.hears("opened", "closed 1006");
});

test("a batch that does not arrive is a lost link", async () => {
  const socket = open();
  await near.hears("opened");
  far.failPosts = true;
  socket.send(bytes("lost"));
  await near.hears("opened", "closed 1006");
});

test("a clean end is told to the server, a link that is given up is not", async () => {
  const socket = open();
  await near.hears("opened");
  socket.close(1000);
  await expect.poll(() => far.left).toEqual(["link1", "way down"]);
  near = new Near();
  const second = open();
  await near.hears("opened");
  second.close(4000);
  await expect.poll(() => far.left).toEqual(["link1", "way down", "way down"]);
});

test("events may be cut anywhere", () => {
  const text = "event: open\ndata: x\n\n: a comment\n\ndata: 1\ndata:2\n\n";
  const whole = new EventStream().push(text);
  expect(whole).toEqual([
    { event: "open", data: ["x"] },
    { event: "message", data: ["1", "2"] },
  ]);
  for (let cut = 0; cut <= text.length; cut += 1) {
    const stream = new EventStream();
    expect([...stream.push(text.slice(0, cut)), ...stream.push(text.slice(cut))]).toEqual(whole);
  }
});

// --- which way ---

test("a route tries WebSockets first, then each way in turn, and stays where something was heard", () => {
  const route = new Route();
  expect([route.next(), route.next()]).toEqual(["websocket", "websocket"]);
  route.blocked();
  expect(route.next()).toBe("websocket");
  route.blocked();
  expect([route.next(), route.next(), route.next()]).toEqual(["http", "websocket", "http"]);
  route.worked("http");
  expect([route.next(), route.next()]).toEqual(["http", "websocket"]);
  route.worked("websocket");
  expect([route.next(), route.next()]).toEqual(["websocket", "websocket"]);
});

/** Ways whose sockets do as they are told. */
function scripted(there: boolean) {
  const opened: { way: string; events: SocketEvents }[] = [];
  const factory =
    (way: string): SocketFactory =>
    (_url, _protocols, events) => {
      opened.push({ way, events });
      return { send: () => {}, close: () => {} };
    };
  const ways: Ways = {
    websocket: factory("websocket"),
    http: factory("http"),
    reachable: async () => there,
  };
  const socket = openByRoute(ways);
  return { opened, dial: () => socket("ws://x/yjs/r", [], near) };
}

test.each([
  [true, ["websocket", "websocket", "http", "websocket"]],
  [false, ["websocket", "websocket", "websocket", "websocket"]],
])("sockets that fail while the server is reachable (%s) go %o", async (there, expected) => {
  const { opened, dial } = scripted(there);
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const socket = dial();
    if (attempt % 2 === 0) opened.at(-1)?.events.closed(1006);
    else socket.close(4000);
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(opened.map(({ way }) => way)).toEqual(expected);
});

test("a link that was heard, or was refused by the server, says nothing against WebSockets", async () => {
  const { opened, dial } = scripted(true);
  for (let attempt = 0; attempt < 6; attempt += 1) {
    dial();
    if (attempt % 2 === 0) opened.at(-1)?.events.message(bytes("x"));
    opened.at(-1)?.events.closed(attempt % 2 === 0 ? 1006 : 4401);
    await Promise.resolve();
  }
  expect(new Set(opened.map(({ way }) => way))).toEqual(new Set(["websocket"]));
});
