// Reading a whole log through pages.

import { expect, test } from "vitest";
import type { EntryRow, TimelinePage } from "../../../protocol/ts/api";
import { loadTimeline } from "../../src/replay/loader";

function rows(count: number): EntryRow[] {
  return Array.from({ length: count }, (_, i) => {
    return { stream: "room", seq: i + 1, at: i, actor: "p", kind: "chat", body: { text: `${i}` } };
  });
}

/** A server whose pages have at most so many entries. */
class Server {
  asked = 0;
  readonly #rows: EntryRow[];
  readonly #page: number;

  constructor(entries: EntryRow[], page = 1000) {
    this.#rows = entries;
    this.#page = page;
  }

  timeline(_room: string, { after, limit }: { after: number; limit: number }): Promise<TimelinePage> {
    this.asked += 1;
    const entries = this.#rows.filter(({ seq }) => seq > after).slice(0, Math.min(limit, this.#page));
    return Promise.resolve({ entries, head: this.#rows.at(-1)?.seq ?? 0 });
  }
}

test.each([0, 1, 999, 1000, 1001, 5500])("%i entries come in order", async (count) => {
  const entries = await loadTimeline(new Server(rows(count)), "r");
  expect(entries.map(({ seq }) => seq)).toEqual(rows(count).map(({ seq }) => seq));
});

test("a server with shorter pages is asked more often", async () => {
  const server = new Server(rows(2500), 300);
  expect(await loadTimeline(server, "r")).toHaveLength(2500);
  expect(server.asked).toBeGreaterThan(8);
});

test("only what is new is read", async () => {
  const entries = await loadTimeline(new Server(rows(2500)), "r", { after: 2400 });
  expect(entries[0]?.seq).toBe(2401);
  expect(entries).toHaveLength(100);
});

test("progress rises to the whole", async () => {
  const seen: number[] = [];
  await loadTimeline(new Server(rows(4000)), "r", { progress: (done) => seen.push(done) });
  expect(seen.at(-1)).toBe(1);
});

test("a hole is an error, not a shorter session", async () => {
  const holed = rows(1500).filter(({ seq }) => seq !== 700);
  await expect(loadTimeline(new Server(holed), "r")).rejects.toThrow("Entry 700 is missing");
});

test("updates come as bytes", async () => {
  const edit = { stream: "room", seq: 1, at: 1, actor: "p", kind: "edit", body: { update: "AQID", time: 5 } };
  const [entry] = await loadTimeline(new Server([edit]), "r");
  expect(entry?.body).toEqual({ update: new Uint8Array([1, 2, 3]), time: 5 });
});
