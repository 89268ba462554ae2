// What a page keeps on the device, and what the next page makes of it: reloads, tabs that die, storage that fails.

import { describe, expect, test } from "vitest";
import { Device, type Tab } from "../support/device";
import { below, pick, seeded } from "../support/random";
import { FakeRoom, type Person } from "../support/room-of";

const ROLES = { ada: "candidate", bob: "interviewer" } as const;

/** One person's browser around a room. */
class Desktop {
  readonly room = new FakeRoom(ROLES);
  readonly device = new Device();
  readonly tabs = new Map<Person, Tab>();
  #seed = 100;

  async open(): Promise<Person> {
    const tab = this.device.open();
    this.#seed += 1;
    const keep = { room: "r-1", storage: tab.storage };
    const ada = this.room.enter("ada", "candidate", this.#seed, { keep });
    this.tabs.set(ada, tab);
    await this.rest();
    return ada;
  }

  /** Storage comes to rest and everything arrives; a claim on another tab's name is given up in between. */
  async rest(): Promise<void> {
    await Device.rest();
    this.room.clock.advance(160);
    await Device.rest();
    this.room.settle();
    await Device.rest();
    this.room.settle();
  }

  /** A little time passes, again and again. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 500) {
      this.room.clock.advance(Math.min(left, 500));
      await this.rest();
    }
  }

  async offline(): Promise<void> {
    this.room.server.reachable = false;
    for (const wire of this.room.server.wires) wire.cut();
    await Device.rest();
  }

  online(): void {
    this.room.server.reachable = true;
  }

  /** The page is gone from one moment to the next. */
  kill(person: Person): void {
    this.tabs.get(person)?.die();
    person.client.stop();
  }
}

describe("a reload with changes that nobody has", () => {
  test("shows them again, says so, and sends them once", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    before.types("kept = 1\n");
    desk.room.settle();
    await desk.offline();
    before.types("mine = 2\n");
    void before.client.chat("still there?");
    await Device.rest();
    expect(before.client.status).toMatchObject({ kind: "offline", pending: 2, kept: true });
    expect(before.client.kept).toBe(true);
    desk.kill(before);
    const after = await desk.open();
    expect(after.client.status).toMatchObject({ kind: "connecting", pending: 2, kept: true });
    desk.online();
    after.client.retryNow();
    await desk.pass(20_000);
    expect(after.text).toBe("kept = 1\nmine = 2\n");
    expect(after.status).toBe("saved");
    expect(desk.room.server.text()).toBe("kept = 1\nmine = 2\n");
    expect(desk.room.server.recorded("chat")).toEqual([{ text: "still there?" }]);
    after.types("on = 3\n");
    await desk.pass(2_000);
    expect(desk.room.server.text()).toContain("on = 3");
    expect(desk.device.kept).toBe(0);
  });

  test("sends nothing twice that the server has already", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    void before.client.chat("once");
    before.types("once");
    const wire = desk.room.wire;
    wire.step("up");
    wire.step("up");
    desk.room.server.commit();
    wire.cut();
    await Device.rest();
    desk.kill(before);
    const after = await desk.open();
    await desk.pass(2_000);
    expect(desk.room.server.recorded("chat")).toHaveLength(1);
    expect(desk.room.server.recorded("edit")).toHaveLength(1);
    expect(after.text).toBe("once");
    expect(after.status).toBe("saved");
  });

  test("begins behind every number that may have been used, written or not", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    await desk.offline();
    before.types("written ");
    await Device.rest();
    desk.online();
    before.client.retryNow();
    desk.room.settle();
    before.types("sent, and not written ");
    desk.room.settle();
    desk.kill(before);
    const after = await desk.open();
    after.types("after");
    await desk.pass(2_000);
    expect(desk.room.server.text()).toBe("written sent, and not written after");
    expect(after.status).toBe("saved");
  });

  test("does not run code that was asked for long ago", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    const wire = desk.room.wire;
    void before.client.run({ file: "main.py" });
    wire.stall();
    await desk.pass(1_000);
    desk.kill(before);
    desk.room.clock.advance(3_600_000);
    const after = await desk.open();
    await desk.pass(2_000);
    expect(desk.room.server.recorded("run.queued")).toEqual([]);
    expect(after.notices).toMatchObject([{ code: "uncertain", tone: "warning" }]);
    expect(after.status).toBe("saved");
  });

  test("of another history: the text is kept as a copy, also after the next reload, until it is let go", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    before.types("old text ");
    desk.room.settle();
    await desk.offline();
    for (const letter of "lost?x") before.types(letter);
    before.erases(before.text.length - 1, 1);
    await Device.rest();
    desk.kill(before);
    desk.room.server.newLineage("new text");
    desk.online();
    const after = await desk.open();
    await desk.pass(2_000);
    expect(after.text).toBe("new text");
    expect(after.client.recovered?.files.map(({ text }) => text)).toEqual(["lost?"]);
    expect(after.client.kept).toBe(true);
    desk.kill(after);
    const again = await desk.open();
    expect(again.client.recovered?.files.map(({ text }) => text)).toEqual(["lost?"]);
    again.client.dismissRecovered();
    await desk.rest();
    desk.kill(again);
    expect((await desk.open()).client.recovered).toBeNull();
  });

  test("that stand on text which the log has lost: kept as a copy where nobody can give that back", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    before.types("kept ");
    desk.room.settle();
    const { length } = desk.room.server.log;
    before.types("lost ");
    desk.room.settle();
    await desk.offline();
    before.types("more");
    await Device.rest();
    desk.kill(before);
    desk.room.server.loseTail(length);
    desk.online();
    const after = await desk.open();
    await desk.pass(20_000);
    expect(after.text).toBe("kept ");
    expect(after.client.recovered?.files.map(({ text }) => text)).toEqual(["more"]);
    after.types("on");
    await desk.pass(2_000);
    expect(desk.room.server.text()).toBe("kept on");
    expect(after.status).toBe("saved");
    expect(desk.device.kept).toBe(0);
  });
});

describe("several tabs", () => {
  test("of one person never go by the same name", async () => {
    const desk = new Desktop();
    const one = await desk.open();
    await desk.offline();
    one.types("one");
    await Device.rest();
    desk.online();
    const two = await desk.open();
    await desk.pass(20_000);
    expect([one.status, two.status]).toEqual(["saved", "saved"]);
    expect(desk.room.server.text()).toBe("one");
    expect(two.client.link.pending).toBe(0);
  });

  test("the work of one that died is done by another that lives", async () => {
    const desk = new Desktop();
    const one = await desk.open();
    await desk.offline();
    one.types("one");
    void one.client.chat("hello?");
    await Device.rest();
    const two = await desk.open();
    desk.kill(one);
    await desk.rest();
    expect(two.client.status).toMatchObject({ pending: 2, kept: true });
    desk.online();
    await desk.pass(20_000);
    expect(desk.room.server.text()).toBe("one");
    expect(two.text).toBe("one");
    expect(desk.room.server.recorded("chat")).toEqual([]);
    expect(two.notices[0]?.text).toContain("a chat message");
    expect(two.notices.at(-1)?.text).toBe("Back. 1 change sent.");
    expect(two.status).toBe("saved");
    expect(desk.device.kept).toBe(0);
  });

  test("that died together: one is continued, the other taken over", async () => {
    const desk = new Desktop();
    const one = await desk.open();
    const two = await desk.open();
    await desk.offline();
    one.types("1");
    two.types("2");
    void two.client.chat("newest");
    await Device.rest();
    desk.kill(one);
    desk.kill(two);
    desk.online();
    const after = await desk.open();
    await desk.pass(2_000);
    expect([...after.text].sort().join("")).toBe("12");
    expect(after.status).toBe("saved");
    expect(desk.device.kept).toBe(0);
  });
});

test("a page that is left in good order lets its name go when all is written", async () => {
  const desk = new Desktop();
  const one = await desk.open();
  await desk.offline();
  one.types("last words");
  one.client.stop();
  desk.online();
  const two = await desk.open();
  await desk.pass(2_000);
  expect(two.text).toBe("last words");
  expect(desk.room.server.text()).toBe("last words");
  expect(desk.device.kept).toBe(0);
});

describe("storage", () => {
  test("is not touched by what settles at once", async () => {
    const desk = new Desktop();
    const ada = await desk.open();
    for (const letter of "print(1)") {
      ada.types(letter);
      desk.room.settle();
    }
    await desk.pass(2_000);
    expect(desk.device.writes).toBe(0);
  });

  test("that is full: the page says that the changes are on it alone, until they are written", async () => {
    const desk = new Desktop();
    const ada = await desk.open();
    await desk.offline();
    desk.device.full = true;
    for (const letter of "abc") ada.types(letter);
    await Device.rest();
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 3, kept: false });
    desk.device.full = false;
    await desk.pass(6_000);
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 3, kept: true });
  });

  test.each([
    ["is blocked", Promise.resolve(null)],
    ["never answers", new Promise<null>(() => {})],
  ])("that %s does not keep anybody waiting", async (_, shelf) => {
    const desk = new Desktop();
    const storage = { ...desk.device.open().storage, shelf };
    const ada = desk.room.enter("ada", "candidate", 9, { keep: { room: "r-1", storage } });
    await Device.rest();
    desk.room.clock.advance(300);
    await desk.rest();
    expect(ada.status).toBe("saved");
    await desk.offline();
    ada.types("a");
    await Device.rest();
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 1, kept: false });
  });

  test("that comes late is used from then on, and what it holds is taken over", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    await desk.offline();
    before.types("earlier ");
    await Device.rest();
    desk.kill(before);
    desk.online();
    const tab = desk.device.open();
    let come = () => {};
    const shelf = new Promise<Awaited<typeof tab.storage.shelf>>((resolve) => {
      come = () => resolve(tab.storage.shelf);
    });
    const keep = { room: "r-1", storage: { ...tab.storage, shelf } };
    const ada = desk.room.enter("ada", "candidate", 9, { keep });
    desk.room.clock.advance(300);
    await desk.rest();
    expect(ada.text).toBe("");
    await desk.pass(3_000);
    come();
    await desk.pass(2_000);
    expect(ada.text).toBe("earlier ");
    expect(desk.room.server.text()).toBe("earlier ");
    expect(ada.notices.map(({ text }) => text)).toEqual(["Back. 1 change sent."]);
    expect(desk.device.kept).toBe(0);
  });

  test("forgets what nobody came back for within a month", async () => {
    const desk = new Desktop();
    const before = await desk.open();
    await desk.offline();
    before.types("old");
    await Device.rest();
    desk.kill(before);
    desk.room.clock.advance(31 * 86_400_000);
    await desk.open();
    expect(desk.device.kept).toBe(0);
  });
});

const SEEDS = Array.from({ length: 12 }, (_, seed) => seed + 1);

test.each(SEEDS)("reloads at random, seed %i: nothing is lost, nothing comes twice", async (seed) => {
  const random = seeded(seed * 7919);
  const desk = new Desktop();
  const { room } = desk;
  const bob = room.enter("bob", "interviewer", seed);
  let pages = [await desk.open()];
  const words: string[] = [];
  for (let step = 0; step < 120; step += 1) {
    const dice = random();
    const ada = pick(random, pages);
    if (dice < 0.4) {
      const word = `<${words.length}>`;
      const typist = dice < 0.3 ? ada : bob;
      if (!typist.client.writable) continue;
      words.push(word);
      const borders = [0, ...[...typist.text.matchAll(/>/g)].map(({ index }) => index + 1)];
      typist.types(word, pick(random, borders));
      await Device.rest();
    } else if (dice < 0.6) for (const wire of room.server.wires) wire.step(random() < 0.5 ? "up" : "down");
    else if (dice < 0.7) room.server.commit();
    else if (dice < 0.75) room.server.finishSyncs();
    else if (dice < 0.8) room.clock.advance(below(random, 1_500));
    else if (dice < 0.85) room.server.reachable = !room.server.reachable;
    else if (dice < 0.88) room.server.crash();
    else if (dice < 0.92) pick(random, room.server.wires).cut();
    else if (dice < 0.97) {
      // What was typed on a live link is on its way for a moment, on no disk: a page that goes says so.
      ada.client.wake("hidden");
      await Device.rest();
      desk.kill(ada);
      pages = pages.filter((page) => page !== ada);
      pages.push(await desk.open());
    } else if (pages.length < 3) pages.push(await desk.open());
    await Device.rest();
  }
  room.server.reachable = true;
  await desk.pass(60_000);
  const text = room.server.text();
  expect(text.match(/<\d+>/g)?.sort() ?? []).toEqual([...words].sort());
  expect(text).toHaveLength(words.join("").length);
  for (const page of [bob, ...pages]) {
    expect(page.text).toBe(text);
    expect(page.status).toBe("saved");
  }
  expect(desk.device.kept).toBe(0);
});
