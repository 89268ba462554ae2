/** The link to the editor's help: it comes back, stops where it should, and leaves no question without an end. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LanguageLink, LSP } from "../../src/panes/editor/language-link";

class Socket {
  static made: Socket[] = [];
  onopen: () => void = () => {};
  onmessage: (event: { data: string }) => void = () => {};
  onclose: (event: { code: number }) => void = () => {};
  readonly sent: string[] = [];
  closed: number | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    Socket.made.push(this);
  }

  send(message: string): void {
    this.sent.push(message);
  }

  close(code = 1000): void {
    this.closed = code;
  }
}

interface Heard {
  id?: number;
  result?: unknown;
  error?: { code: number };
}

/** The room's own link. */
let live = true;

function begun() {
  const heard: Heard[] = [];
  const states: string[] = [];
  let token = 1;
  const link = new LanguageLink({
    url: "ws://host/language",
    token: () => `t${token++}`,
    may: () => live,
    opened: (transport) => {
      states.push("open");
      transport.subscribe((message) => heard.push(JSON.parse(message)));
      send = (message) => transport.send(JSON.stringify(message));
    },
    lost: () => states.push("lost"),
  });
  let send: (message: object) => void = () => {};
  return { link, heard, states, send: (message: object) => send(message) };
}

const socket = (at: number) => Socket.made.at(at) as Socket;

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", Socket);
  Socket.made = [];
  live = true;
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("the link to the editor's help", () => {
  test("names itself and brings the token in no address", () => {
    begun();
    expect(socket(0).protocols).toEqual([LSP, "bearer.t1"]);
    expect(socket(0).url).toBe("ws://host/language");
  });

  test("answers what was asked on a link that went away", () => {
    const { heard, states, send } = begun();
    socket(0).onopen();
    send({ id: 1, method: "initialize" });
    send({ id: 2, method: "textDocument/hover" });
    send({ id: 3, method: "textDocument/formatting" });
    send({ method: "initialized" });
    socket(0).onclose({ code: 1006 });
    expect(states).toEqual(["open", "lost"]);
    expect(heard.map(({ id, result }) => [id, result])).toEqual([
      [1, { capabilities: {} }],
      [2, null],
      [3, undefined],
    ]);
    expect(heard[2]?.error?.code).toBe(-32803);
  });

  test("takes a refusal for nothing, but for what somebody asked by hand", () => {
    const { heard, send } = begun();
    socket(0).onopen();
    send({ id: 1, method: "textDocument/signatureHelp" });
    send({ id: 2, method: "fourhands/lint" });
    for (const id of [1, 2]) socket(0).onmessage({ data: JSON.stringify({ id, error: { code: -32800 } }) });
    expect(heard.map(({ id, result, error }) => [id, result, error?.code])).toEqual([
      [1, null, undefined],
      [2, undefined, -32800],
    ]);
  });

  test("answers what is asked after its end, but not at once", async () => {
    const { heard, send } = begun();
    socket(0).onopen();
    socket(0).onclose({ code: 1001 });
    send({ id: 9, method: "textDocument/hover" });
    expect(heard).toEqual([]);
    await Promise.resolve();
    expect(heard).toEqual([{ jsonrpc: "2.0", id: 9, result: null }]);
  });

  test.each([1001, 1006, 4301, 4302, 4401])("comes back after %i with the present token", (code) => {
    begun();
    socket(0).onopen();
    socket(0).onclose({ code });
    vi.advanceTimersByTime(code === 4401 ? 3_300 : 300);
    expect(Socket.made.length).toBe(2);
    expect(socket(1).protocols).toEqual([LSP, "bearer.t2"]);
  });

  test.each([4400, 4403, 4404, 4410, 4413, 4429])("stays away after %i", (code) => {
    begun();
    socket(0).onclose({ code });
    vi.advanceTimersByTime(600_000);
    expect(Socket.made.length).toBe(1);
  });

  test("does not stand before the room's own link: gives up what hangs, and waits until that is there", () => {
    const { states } = begun();
    live = false;
    vi.advanceTimersByTime(60_000);
    expect(Socket.made.length).toBe(1);
    expect(socket(0).closed).not.toBeNull();
    socket(0).onclose({ code: 1006 });
    live = true;
    vi.advanceTimersByTime(500);
    expect(Socket.made.length).toBe(2);
    socket(1).onopen();
    vi.advanceTimersByTime(60_000);
    expect(socket(1).closed).toBeNull();
    expect(states).toEqual(["open"]);
  });

  test("is gone for good once the page closes it", () => {
    const { link, states } = begun();
    socket(0).onopen();
    link.close();
    expect(socket(0).closed).toBe(1000);
    socket(0).onclose({ code: 1000 });
    vi.advanceTimersByTime(600_000);
    expect(Socket.made.length).toBe(1);
    expect(states).toEqual(["open"]);
  });
});
