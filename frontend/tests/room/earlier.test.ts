// Outputs that a story leaves out: marked, kept where the page has seen them, and read when asked for.

import { describe, expect, test } from "vitest";
import type { RunState } from "../../src/room/state";
import { FakeRoom, type Person } from "../support/room-of";

function printing(): { room: FakeRoom; ada: Person; say: (text: string, n: number) => void } {
  const room = new FakeRoom({ ada: "candidate", eve: "observer" });
  const ada = room.enter("ada", "candidate");
  room.settle();
  const said = (text: string, n: number) => {
    const items = [{ output_type: "stream", name: "stdout", text }];
    room.server.happens("run.outputs", { run: "r-1", n, items });
    room.settle();
  };
  room.server.happens("run.queued", { run: "r-1", code: "1" });
  room.server.happens("run.started", { run: "r-1", code: "1" });
  for (let n = 0; n < 5; n += 1) said(`${n} `, n);
  return { room, ada, say: said };
}

function ask(room: FakeRoom): void {
  room.server.happens("run.input_asked", { run: "r-1", prompt: "name? ", password: false });
  room.server.happens("run.input", { run: "r-1", text: "Bob" });
  room.settle();
}

function end(room: FakeRoom): void {
  room.server.happens("run.finished", { run: "r-1", status: "ok", duration: 1 });
  room.settle();
}

function runOf({ client }: Person): RunState {
  const run = client.state.runs.at(-1);
  if (run === undefined) throw new Error("there is no run");
  return run;
}

function enterLate(room: FakeRoom): Person {
  room.server.leavesOut.add("r-1");
  const eve = room.enter("eve", "observer", 2);
  room.settle();
  return eve;
}

describe("outputs of earlier runs", () => {
  test("are marked where the story leaves them out, and read when asked for", async () => {
    const { room, ada } = printing();
    ask(room);
    end(room);
    const eve = enterLate(room);
    expect(runOf(eve)).toMatchObject({ leftOut: 1000, outputs: [{ text: "Bob" }], status: "ok" });
    await eve.client.showOutputs(room.server, "r-1", "r-1");
    expect(runOf(eve)).toEqual(runOf(ada));
    expect(runOf(eve).outputs.map(({ output_type }) => output_type)).toEqual(["stream", "answer"]);
  });

  test("of a run that goes on are told as they come, and what came before can be read", async () => {
    const { room, ada, say } = printing();
    const eve = enterLate(room);
    say("5 ", 5);
    expect(runOf(eve).outputs).toMatchObject([{ text: "5 " }]);
    await eve.client.showOutputs(room.server, "r-1", "r-1");
    expect(runOf(eve)).toEqual(runOf(ada));
    say("6 ", 6);
    expect(runOf(eve).outputs).toMatchObject([{ text: "0 1 2 3 4 5 6 " }]);
  });

  test("that come while they are read are neither lost nor doubled", async () => {
    const { room, ada, say } = printing();
    const eve = enterLate(room);
    const source: typeof room.server.timeline = async (name, query) => {
      const page = await room.server.timeline(name, query);
      if (room.server.log.length < 60) say("more ", runOf(ada).items);
      return page;
    };
    await eve.client.showOutputs({ timeline: source }, "r-1", "r-1");
    end(room);
    expect(runOf(eve)).toEqual(runOf(ada));
  });

  test("that this page has seen to their end it keeps when it reads the room anew", () => {
    const { room, ada } = printing();
    end(room);
    const seen = runOf(ada).outputs;
    room.server.leavesOut.add("r-1");
    room.server.incarnation = "i-2";
    room.server.close("ada", 4302);
    room.pass(1_000);
    expect(ada.status).toBe("saved");
    expect(runOf(ada).leftOut).toBeUndefined();
    expect(runOf(ada).outputs).toEqual(seen);
  });

  test("that cannot be read stay marked, and it is said why", async () => {
    const { room } = printing();
    const eve = enterLate(room);
    const broken = { timeline: () => Promise.reject(new Error("out of reach")) };
    await expect(eve.client.showOutputs(broken, "r-1", "r-1")).rejects.toThrow("out of reach");
    expect(runOf(eve).leftOut).toBe(1000);
  });
});
