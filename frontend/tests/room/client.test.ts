// A room client against the fake server: catching up, dropping, coming back, being refused, being rebuilt.

import { describe, expect, test } from "vitest";
import { encodeAwarenessUpdate } from "y-protocols/awareness";
import { encodeStock } from "../../../protocol/ts/sync";
import { Device } from "../support/device";
import { FakeRoom, type Person } from "../support/room-of";

const ROLES = { ada: "candidate", bob: "interviewer", eve: "observer" } as const;

function roomOfTwo() {
  const room = new FakeRoom(ROLES);
  const ada = room.enter("ada", "candidate", 1);
  const bob = room.enter("bob", "interviewer", 2);
  room.settle();
  return { room, ada, bob, server: room.server };
}

/** Where the others are, as far as this person can see. */
function cursorsSeenBy({ client }: Person): unknown[] {
  const others = [...client.awareness.getStates()].filter(([id]) => id !== client.awareness.clientID);
  return others.map(([, state]) => state.at).filter((at) => at !== undefined);
}

describe("a room", () => {
  test("shows its state to whoever enters", () => {
    const { ada } = roomOfTwo();
    expect(ada.status).toBe("saved");
    expect(ada.client.state.title).toBe("Room");
    expect(ada.client.state.files.map(({ path }) => path)).toEqual(["main.py"]);
    expect(ada.client.state.people.get("bob")).toMatchObject({ name: "bob", online: true });
  });

  test("shows what one types to the other, and says saved only when it is", () => {
    const { room, ada, bob, server } = roomOfTwo();
    ada.types("print(1)");
    expect(ada.client.status).toEqual({ kind: "saving", pending: 1 });
    room.settle();
    expect(ada.status).toBe("saved");
    expect(bob.text).toBe("print(1)");
    expect(server.text()).toBe("print(1)");
  });

  test("gives a late comer text, people, chat and runs", async () => {
    const { room, ada, server } = roomOfTwo();
    ada.types("x = 1");
    void ada.client.chat("hello");
    void ada.client.run({ file: "main.py" });
    room.settle();
    const [queued] = server.recorded("run.queued");
    server.happens("run.started", { run: queued?.run as string, code: "x = 1" });
    const late = room.enter("eve", "observer", 3);
    room.settle();
    expect(late.text).toBe("x = 1");
    expect(late.client.state.chat[0]).toMatchObject({ person: "ada", text: "hello" });
    expect(late.client.state.runs[0]).toMatchObject({ by: "ada", status: "running", code: "x = 1" });
    expect(late.client.writable).toBe(false);
  });

  test("is the same state for those who were there and those who came late", () => {
    const { room, ada, bob } = roomOfTwo();
    ada.types("a");
    void bob.client.createFile("b.py");
    room.settle();
    const late = room.enter("eve", "observer", 3);
    room.settle();
    expect(late.client.state).toEqual(ada.client.state);
    expect(bob.client.state).toEqual(ada.client.state);
  });
});

describe("asking", () => {
  test("is answered when the log has it", async () => {
    const { room, ada, server } = roomOfTwo();
    const answer = ada.client.chat("hello");
    room.settle();
    expect(await answer).toEqual({ ok: true });
    expect(server.recorded("chat")).toEqual([{ text: "hello" }]);
  });

  test("is answered with the reason where it is refused, and without a notice", async () => {
    const { room, ada, server } = roomOfTwo();
    server.refusals.set("file.create", { code: "path-taken", message: "There is one." });
    const answer = ada.client.createFile("main.py");
    room.settle();
    expect(await answer).toEqual({ ok: false, code: "path-taken", message: "There is one." });
    expect(ada.notices).toEqual([]);
    expect(ada.status).toBe("saved");
  });

  test("is refused at once for what the role may not do", async () => {
    const { room } = roomOfTwo();
    const eve = room.enter("eve", "observer", 3);
    room.settle();
    expect(await eve.client.chat("hi")).toMatchObject({ ok: false, code: "forbidden" });
  });

  test("keeps chat while the link is down, but does not run code an hour later", async () => {
    const { room, ada, server } = roomOfTwo();
    server.wires[0]?.cut();
    const chat = ada.client.chat("are you there?");
    expect(await ada.client.run({ file: "main.py" })).toMatchObject({ ok: false, code: "offline" });
    room.pass(400);
    expect(await chat).toEqual({ ok: true });
    expect(server.recorded("run.queued")).toEqual([]);
  });

  test("runs given text with the line where it begins", async () => {
    const { room, ada, server } = roomOfTwo();
    const answer = ada.client.run({ code: "1+1", firstLine: 7 });
    room.settle();
    const { run } = await answer;
    expect(server.recorded("run.queued")).toEqual([{ run, code: "1+1", first_line: 7 }]);
  });
});

describe("when the link drops", () => {
  test("typing goes on, is counted, and arrives once after the return", () => {
    const { room, ada, bob, server } = roomOfTwo();
    ada.types("=");
    room.settle();
    server.wires[0]?.cut();
    for (const letter of "hello") ada.types(letter);
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 5 });
    bob.types("# ", 0);
    room.settle();
    room.pass(400);
    expect(ada.status).toBe("saved");
    expect(bob.text).toBe("# =hello");
    expect(ada.text).toBe("# =hello");
    expect(server.recorded("edit")).toHaveLength(7);
  });

  test("an edit that was recorded but not acked is not recorded twice", () => {
    const { room, ada, bob, server } = roomOfTwo();
    ada.types("once");
    server.wires[0]?.step("up");
    server.commit();
    server.wires[0]?.cut();
    expect(ada.client.link.pending).toBe(1);
    room.pass(400);
    expect(server.recorded("edit")).toHaveLength(1);
    expect(ada.status).toBe("saved");
    expect(bob.text).toBe("once");
  });

  test("a server that forgot what it had not recorded gets it again", () => {
    const { room, ada, server } = roomOfTwo();
    ada.types("kept");
    server.wires[0]?.step("up");
    server.crash();
    room.pass(400);
    expect(server.text()).toBe("kept");
    expect(ada.status).toBe("saved");
  });

  test("an offline edit bears the time at which it was typed, on the room's clock", () => {
    const { room, ada, server } = roomOfTwo();
    const typedAt = room.clock.now();
    server.wires[0]?.stall();
    ada.types("early");
    room.pass(20_000);
    expect(server.recorded("edit")[0]).toMatchObject({ time: typedAt });
    ada.types("!");
    room.settle();
    expect(server.recorded("edit")[1]).not.toHaveProperty("time");
  });

  test("a link that only seems alive is noticed within 15 seconds", () => {
    const { room, ada, server } = roomOfTwo();
    server.wires[0]?.stall();
    room.clock.advance(15_000);
    expect(ada.status).not.toBe("saved");
    room.pass(400);
    expect(ada.status).toBe("saved");
  });

  test("a page that is looked at again decides sooner", () => {
    const { room, ada, server } = roomOfTwo();
    server.wires[0]?.stall();
    ada.client.wake("visible");
    room.clock.advance(3_000);
    expect(ada.status).toBe("offline");
    ada.client.wake("online");
    room.settle();
    expect(ada.status).toBe("saved");
  });

  test("a page that goes says so", () => {
    const { ada, server } = roomOfTwo();
    ada.client.wake("hidden");
    expect(server.wires[0]?.closed).toBe(false);
    ada.client.wake("leaving");
    expect(server.wires[0]?.closed).toBe(true);
  });

  test("the others are not seen until they are heard of again, though they have not moved", async () => {
    const { room, ada, bob, server } = roomOfTwo();
    bob.client.setCursor("main.py", 3, 5);
    await Promise.resolve();
    room.settle();
    expect(cursorsSeenBy(ada)).toEqual([{ file: "main.py", anchor: 3, head: 5 }]);
    const presence = encodeAwarenessUpdate(bob.client.awareness, [bob.client.awareness.clientID]);
    server.wires[0]?.cut();
    expect(cursorsSeenBy(ada)).toEqual([]);
    room.pass(400);
    room.wire.sendToClient(encodeStock({ type: "awareness", payload: presence }));
    room.settle();
    expect(cursorsSeenBy(ada)).toHaveLength(1);
  });

  test("we are seen again after a return, though we have not moved", async () => {
    const { room, ada, bob, server } = roomOfTwo();
    ada.client.setCursor("main.py", 1);
    await Promise.resolve();
    room.settle();
    const clock = () => bob.client.awareness.meta.get(ada.client.awareness.clientID)?.clock ?? 0;
    const before = clock();
    server.wires[0]?.cut();
    room.pass(400);
    await Promise.resolve();
    room.settle();
    expect(clock()).toBeGreaterThan(before);
  });

  test("an observer shows no cursor", async () => {
    const { room, ada } = roomOfTwo();
    const eve = room.enter("eve", "observer", 3);
    room.settle();
    eve.client.setCursor("main.py", 0);
    await Promise.resolve();
    room.settle();
    expect(cursorsSeenBy(ada)).toEqual([]);
  });

  test("a long absence comes back in portions, and says how much was sent", () => {
    const { room, ada, server } = roomOfTwo();
    server.reachable = false;
    server.wires[0]?.cut();
    for (let i = 0; i < 1234; i += 1) ada.types("x");
    room.pass(60_000);
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 1234 });
    server.reachable = true;
    room.pass(30_000);
    expect(server.text()).toHaveLength(1234);
    expect(ada.notices.at(-1)).toMatchObject({ code: "back", text: "Back. 1234 changes sent." });
  });

  test("what is said to wait while away is what is said to be sent on the return", () => {
    const { room, ada, server } = roomOfTwo();
    for (let i = 0; i < 5; i += 1) ada.types("x");
    for (let i = 0; i < 3; i += 1) server.wires[0]?.step("up");
    server.reachable = false;
    server.wires[0]?.cut();
    for (let i = 0; i < 4; i += 1) ada.types("y");
    room.pass(30_000);
    expect(server.text()).toBe("xxx");
    expect(ada.client.status).toMatchObject({ kind: "offline", pending: 9 });
    server.reachable = true;
    room.pass(30_000);
    expect(server.text()).toBe("xxxxxyyyy");
    expect(ada.notices.at(-1)).toMatchObject({ code: "back", text: "Back. 9 changes sent." });
  });

  test("a log that fails again and again is one absence, told once when all is in", () => {
    const { room, ada, server } = roomOfTwo();
    ada.types("kept");
    for (let round = 0; round < 12; round += 1) {
      ada.client.retryNow();
      for (let step = 0; step < 8; step += 1) {
        for (const wire of server.wires) wire.step(step % 2 === 0 ? "up" : "down");
        server.finishSyncs();
      }
      server.failAppend();
      for (const wire of server.wires) wire.step("down");
      expect(ada.notices).toEqual([]);
      room.clock.advance(500);
    }
    ada.client.retryNow();
    room.settle();
    expect(server.text()).toBe("kept");
    expect(ada.notices.map(({ text }) => text)).toEqual(["Back. 1 change sent."]);
  });

  test("a lost entry is noticed and the room read anew", () => {
    const { room, ada, bob, server } = roomOfTwo();
    bob.types("lost ");
    server.wires[1]?.step("up");
    server.commitUnseenBy("ada");
    bob.types("seen");
    room.settle();
    room.pass(400);
    expect(ada.text).toBe("lost seen");
    expect(ada.client.state).toEqual(bob.client.state);
  });
});

describe("when the server says no", () => {
  test("not recorded is said, and what was typed is sent again", () => {
    const { room, ada, server } = roomOfTwo();
    ada.types("precious");
    server.wires[0]?.step("up");
    server.failAppend();
    server.wires[0]?.step("down");
    expect(ada.client.status).toMatchObject({ kind: "not-recorded", pending: 1 });
    room.pass(400);
    expect(ada.status).toBe("saved");
    expect(server.text()).toBe("precious");
  });

  test("a refused edit takes the room's document anew and keeps a copy", () => {
    const { room, ada, bob, server } = roomOfTwo();
    ada.types("shared ");
    room.settle();
    const before = ada.client.doc;
    server.refusals.set("edit", { code: "not-admitted", message: "No." });
    ada.types("refused");
    room.settle();
    server.refusals.clear();
    room.pass(400);
    expect(ada.client.doc).not.toBe(before);
    expect(ada.text).toBe("shared ");
    expect(ada.client.recovered?.files).toEqual([{ path: "main.py", text: "shared refused" }]);
    ada.types("again");
    room.settle();
    expect(bob.text).toBe("shared again");
    expect(server.text()).toBe("shared again");
  });

  test("an edit that is too large is taken back before it is sent, and a copy kept", () => {
    const { room, ada, server } = roomOfTwo();
    ada.types("x".repeat(300 * 1024));
    room.pass(400);
    expect(ada.text).toBe("");
    expect(ada.notices[0]).toMatchObject({ code: "too-large" });
    expect(ada.client.recovered?.files[0]?.text).toHaveLength(300 * 1024);
    expect(server.recorded("edit")).toEqual([]);
    expect(ada.status).toBe("saved");
  });

  test("documents made anew replace ours, and unsent text is kept as a copy", () => {
    const { room, ada, server } = roomOfTwo();
    server.newLineage("new text");
    server.wires[0]?.cut();
    ada.types("unsent");
    room.pass(400);
    expect(ada.text).toBe("new text");
    expect(ada.client.recovered?.files).toEqual([{ path: "main.py", text: "unsent" }]);
    expect(ada.status).toBe("saved");
  });

  test("what comes after the end is kept here and said so", () => {
    const { room, ada, bob, server } = roomOfTwo();
    void bob.client.end();
    server.wires[1]?.step("up");
    ada.types("late");
    server.refusals.set("edit", { code: "ended", message: "The room has ended." });
    room.settle();
    expect(ada.client.status).toEqual({ kind: "ended", pending: 1 });
    expect(ada.text).toBe("late");
    expect(ada.client.writable).toBe(false);
    expect(ada.notices).toHaveLength(1);
  });

  test.each([
    [4403, "closed"],
    [4404, "closed"],
    [4410, "ended"],
  ])("code %i stops, in words", (code, status) => {
    const { room, ada, server } = roomOfTwo();
    server.close("ada", code);
    room.settle();
    expect(ada.status).toBe(status);
    expect(ada.client.link.reason).toMatch(/[.]$/);
    const wires = server.wires.length;
    room.pass(60_000);
    expect(server.wires).toHaveLength(wires);
  });

  test("nobody waits for an answer that cannot come", async () => {
    const { room, ada, server } = roomOfTwo();
    server.wires[0]?.stall();
    const answer = ada.client.chat("hello");
    ada.client.stop();
    room.settle();
    expect(await answer).toMatchObject({ ok: false, code: "closed" });
  });
});

describe("the token", () => {
  test("is renewed in band before it expires", () => {
    const { room, ada, server } = roomOfTwo();
    server.send("ada", "token", { token: "ada2", expires_in: 100 });
    room.settle();
    expect(ada.client.token).toBe("ada2");
    for (let i = 0; i < 20; i += 1) room.pass(5_000);
    expect(ada.client.token).toBe("ada");
  });

  test("that expired while away is got anew by the invite", async () => {
    const room = new FakeRoom(ROLES);
    const ada = room.enter("expired", "candidate", 1, { renewToken: () => Promise.resolve("ada") });
    room.settle();
    await Device.rest();
    room.settle();
    expect(ada.status).toBe("saved");
  });

  test("is asked for again where the call hangs", async () => {
    const room = new FakeRoom(ROLES);
    const calls: ((token: string) => void)[] = [];
    const renewToken = () => new Promise<string>((resolve) => calls.push(resolve));
    const ada = room.enter("expired", "candidate", 1, { renewToken });
    room.settle();
    await Device.rest();
    room.clock.advance(10_000);
    await Device.rest();
    room.pass(500);
    await Device.rest();
    expect(calls).toHaveLength(2);
    calls[1]?.("ada");
    await Device.rest();
    room.settle();
    expect(ada.status).toBe("saved");
  });
});
