// The session alone: a pure machine, told events and asked what it wants.

import { describe, expect, test } from "vitest";
import type { Entry } from "../../../protocol/ts/entries";
import type { ServerFrame, Welcome } from "../../../protocol/ts/envelope";
import type { Effect, Event } from "../../src/room/events";
import { Session } from "../../src/room/session";

const VECTOR = new Uint8Array([0]);

/** A session with its clock: says what it is told and keeps what it wants. */
class Machine {
  now = 1_000_000;
  generation = 0;
  instances = 0;
  wants: Effect[] = [];
  readonly session: Session;

  constructor({ luck = 1, canRenew = true } = {}) {
    const random = () => luck;
    const newInstance = () => {
      this.instances += 1;
      return `instance-${this.instances}-xxxxxx`;
    };
    this.session = new Session({ newInstance, token: "t-1", random, canRenew });
  }

  tell(event: Event): this {
    this.wants = this.session.handle(event, this.now);
    for (const want of this.wants) if (want.type === "connect") this.generation = want.generation;
    return this;
  }

  hears(frame: ServerFrame): this {
    return this.tell({ type: "frame", generation: this.generation, frame });
  }

  hearsSomething(): this {
    return this.tell({ type: "heard", generation: this.generation });
  }

  closes(code: number): this {
    return this.tell({ type: "closed", generation: this.generation, code });
  }

  opens(): this {
    return this.tell({ type: "opened", generation: this.generation, vector: VECTOR });
  }

  /** To the next alarm, which rings. */
  rings(): number {
    const at = this.session.alarmAt;
    if (at === null) throw new Error("no alarm is set");
    const waited = at - this.now;
    this.now = at;
    this.tell({ type: "tick" });
    return waited;
  }

  connects(): this {
    if (this.phase === "idle") this.tell({ type: "start" });
    else if (this.phase !== "connecting") this.rings();
    return this.opens();
  }

  /** Half a minute and more in which only the server asks now and then. */
  rests(): void {
    const until = this.now + 36_000;
    while (this.now < until) {
      for (let rings = 0; rings < 2 && this.now < until; rings += 1) this.rings();
      this.hears({ type: "ping", t: this.now });
    }
  }

  lives(): this {
    this.connects().hears(welcome());
    if (this.phase === "syncing") this.hears({ type: "state", update: VECTOR, seq: 10 });
    return this;
  }

  types(): Effect[] {
    const [added, ...wants] = this.session.submit({ kind: "edit", body: { update: VECTOR } }, this.now);
    expect(added).toMatchObject({ type: "added", op: { madeAt: this.now } });
    this.wants = wants;
    return this.wants;
  }

  /** Live as far as it knows. */
  get alive(): boolean {
    return this.phase === "live" || this.phase === "suspect";
  }

  get phase(): string {
    return this.session.phase.name;
  }

  get said(): string[] {
    return this.wants.map((want) => (want.type === "send" ? `send ${want.frame.type}` : want.type));
  }

  get hello() {
    const sent = this.wants.find((want) => want.type === "send");
    if (sent?.type !== "send" || sent.frame.type !== "hello") throw new Error("no hello was sent");
    return sent.frame;
  }
}

function welcome(more: Partial<Welcome> = {}): Welcome {
  const names = { room: "r", title: "", lineage: "l-1", incarnation: "i-1", participant: "p", seat: "s" };
  const numbers = { acked: 0, heads: { room: 10 }, time: 1_000_000_000, expiresIn: 7200 };
  return { type: "welcome", mode: "resync", role: "candidate", ...names, ...numbers, ...more };
}

function entry(seq: number, kind = "chat"): Entry {
  return { stream: "room", seq, at: seq, actor: "p-2", kind, body: { text: "x" } };
}

describe("attempts", () => {
  test("the first retry comes within 300 ms, later ones within 15 s, and there is always one more", () => {
    const machine = new Machine();
    machine.tell({ type: "start" }).closes(1006);
    const waits = Array.from({ length: 40 }, () => {
      const waited = machine.rings();
      machine.closes(1006);
      return waited;
    });
    expect(waits.slice(0, 4)).toEqual([300, 450, 675, 1012.5]);
    expect(Math.max(...waits)).toBe(15_000);
  });

  test("the wait is anything up to its bound", () => {
    const machine = new Machine({ luck: 0.5 });
    machine.tell({ type: "start" }).closes(1006);
    expect(machine.rings()).toBe(150);
  });

  test("a link that lived for five seconds, or acked something, starts over", () => {
    const machine = new Machine();
    machine.tell({ type: "start" });
    for (let i = 0; i < 5; i += 1) {
      machine.closes(1006);
      machine.rings();
    }
    machine.lives();
    machine.now += 5_000;
    machine.tell({ type: "tick" }).closes(1006);
    expect(machine.rings()).toBe(300);
  });

  test("a room that takes us in and throws us out at once is not hammered", () => {
    const machine = new Machine();
    machine.lives().closes(4302);
    machine.lives().closes(4302);
    expect(machine.session.alarmAt).toBe(machine.now + 450);
    machine.lives().closes(4302);
    expect(machine.rings()).toBe(675);
  });

  test("a server that does not answer is given up after a while", () => {
    const machine = new Machine();
    machine.tell({ type: "start" });
    const hung = [1, 2, 3, 4].map(() => {
      while (machine.phase !== "connecting") machine.rings();
      return machine.rings();
    });
    expect(hung).toEqual([4_000, 8_000, 16_000, 16_000]);
    machine.connects();
    expect(machine.phase).toBe("authenticating");
    const start = machine.now;
    while (machine.phase === "authenticating") machine.rings();
    expect(machine.now - start).toBe(15_000);
    expect(machine.phase).toBe("backoff");
  });

  test("a server that pings but lets nobody in is given up too, and given longer the next time", () => {
    const machine = new Machine();
    const waits = [1, 2].map(() => {
      machine.connects();
      const start = machine.now;
      while (machine.phase === "authenticating") {
        machine.rings();
        machine.hearsSomething();
      }
      return machine.now - start;
    });
    expect(waits).toEqual([15_000, 30_000]);
  });

  test("a story that stops in its midst is given up after thirty seconds", () => {
    const machine = new Machine().connects().hears(welcome());
    const start = machine.now;
    while (machine.phase === "syncing") machine.rings();
    expect(machine.now - start).toBe(30_000);
  });

  test("a server that goes away says when to be back, and only the user may be earlier", () => {
    const machine = new Machine().lives();
    machine.hears({ type: "goaway", wait: 4_000 }).closes(1001);
    for (const event of [{ type: "wake" }, { type: "network", online: true }] as const) machine.tell(event);
    expect(machine.phase).toBe("backoff");
    expect(machine.rings()).toBe(4_000);
    expect(machine.closes(1006).rings()).toBeLessThanOrEqual(600);
    machine.lives().hears({ type: "goaway", wait: 9e9 }).closes(1001);
    expect(machine.session.alarmAt).toBe(machine.now + 60_000);
    expect(machine.tell({ type: "retry" }).phase).toBe("connecting");
  });

  test("the user need not wait for an attempt that hangs either", () => {
    const machine = new Machine().tell({ type: "start" });
    expect(machine.tell({ type: "retry" }).said).toEqual(["drop", "connect"]);
  });

  test("a new network makes a new attempt: the old one went over the old network", () => {
    const machine = new Machine().tell({ type: "start" });
    machine.tell({ type: "network", online: true });
    expect(machine.said).toEqual(["drop", "connect"]);
  });

  test("after a sleep the next attempt does not wait", () => {
    const machine = new Machine();
    machine.tell({ type: "start" });
    for (let i = 0; i < 6; i += 1) machine.closes(1006).rings();
    machine.now += 3_600_000;
    machine.tell({ type: "tick" });
    expect(machine.session.alarmAt).toBe(machine.now + 300);
  });

  test("while a long story comes it pings, so that the server knows of it, and has patience", () => {
    const machine = new Machine().connects().hears(welcome());
    for (let i = 0; i < 20; i += 1) {
      machine.rings();
      expect(machine.said).toEqual(["send ping"]);
      machine.now += 4_000;
      machine.hears({ type: "entries", entries: [entry(i + 1)] });
    }
    expect(machine.phase).toBe("syncing");
    machine.hears({ type: "state", update: VECTOR, seq: 20 });
    expect(machine.phase).toBe("live");
  });

  test("what a socket given up still says is not heard", () => {
    const machine = new Machine().lives();
    const old = machine.generation;
    machine.closes(1006).lives();
    machine.tell({ type: "closed", generation: old, code: 4303 });
    expect(machine.phase).toBe("live");
    machine.tell({ type: "frame", generation: old, frame: { type: "entries", entries: [entry(11)] } });
    expect(machine.wants).toEqual([]);
  });

  test("while the browser is offline it waits, and comes back when told", () => {
    const machine = new Machine().lives();
    machine.tell({ type: "network", online: false });
    expect(machine.said).toEqual(["send ping"]);
    machine.closes(1006);
    expect(machine.phase).toBe("offline");
    machine.tell({ type: "network", online: true });
    expect(machine.phase).toBe("connecting");
  });

  test("a browser that wrongly believes to be offline still tries now and then", () => {
    const machine = new Machine().lives();
    machine.tell({ type: "network", online: false }).closes(1006);
    machine.rings();
    expect(machine.phase).toBe("connecting");
  });

  test("the user need not wait", () => {
    const machine = new Machine().lives().closes(1006);
    machine.tell({ type: "retry" });
    expect(machine.phase).toBe("connecting");
  });
});

describe("close codes", () => {
  test.each([1000, 1001, 1006, 1011, 1012, 4301, 4302, 4304, 4399])("%i: try again", (code) => {
    expect(new Machine().lives().closes(code).phase).toBe("backoff");
  });

  test.each([4303, 4400, 4403, 4404, 4409, 4410, 4429, 4499])("%i: stop", (code) => {
    const machine = new Machine().lives().closes(code);
    expect(machine.phase).toBe("closed");
    expect(machine.session.alarmAt).toBeNull();
    expect(machine.tell({ type: "retry" }).wants).toEqual([]);
  });

  test("4300: the next hello asks for the room anew", () => {
    const machine = new Machine().lives().closes(4300);
    expect(machine.connects().hello).toMatchObject({ last: {}, vector: VECTOR });
  });

  test("4300 again with nothing acked since: a fresh document under a new name", () => {
    const machine = new Machine().lives().closes(4300).lives();
    machine.closes(4300).connects();
    expect(machine.hello).not.toHaveProperty("vector");
    expect(machine.hello.instance).toMatch(/^instance-2/);
  });

  test.each([4413, 4422, 4423])("%i: a fresh document, and stop where that did not help", (code) => {
    const machine = new Machine().lives();
    machine.types();
    machine.closes(code);
    expect(machine.session.exchange.pending).toBe(0);
    expect(machine.connects().hello).not.toHaveProperty("vector");
    expect(machine.closes(code).phase).toBe("closed");
  });

  test("4401: a fresh token is asked for, and the old link waits for it", () => {
    const machine = new Machine().lives().closes(4401);
    expect(machine.said).toContain("renew");
    expect(machine.session.alarmAt).toBeNull();
    machine.tell({ type: "token", token: "t-2" });
    expect(machine.wants).toContainEqual({ type: "connect", generation: machine.generation, token: "t-2" });
  });

  test("4401 where the invite is no good any more: stop", () => {
    const machine = new Machine().lives().closes(4401);
    machine.tell({ type: "no-token", final: true, reason: "This invite was revoked." });
    expect(machine.session).toMatchObject({ code: 4401, reason: "This invite was revoked." });
    expect(machine.phase).toBe("closed");
  });

  test("4401 while the server is away: try again", () => {
    const machine = new Machine().lives().closes(4401);
    expect(machine.tell({ type: "no-token", final: false, reason: "" }).session.alarmAt).not.toBeNull();
  });

  test("4401 where nothing can renew it: stop", () => {
    expect(new Machine({ canRenew: false }).lives().closes(4401).phase).toBe("closed");
  });
});

describe("the heartbeat", () => {
  test("pings every five seconds and gives up after fifteen of silence", () => {
    const machine = new Machine().lives();
    const start = machine.now;
    machine.rings();
    expect(machine.said).toEqual(["send ping"]);
    while (machine.alive) machine.rings();
    expect(machine.now - start).toBe(15_000);
  });

  test("has twice the patience after each silent link, until a pong comes: a large image may be on its way", () => {
    const machine = new Machine();
    const silences = Array.from({ length: 5 }, () => {
      machine.lives();
      const start = machine.now;
      while (machine.alive) machine.rings();
      return (machine.now - start) / 1000;
    });
    expect(silences).toEqual([15, 25, 45, 85, 85]);
    machine.lives().hears({ type: "pong", t: machine.now, time: 0 }).closes(1006);
    machine.lives();
    const start = machine.now;
    while (machine.alive) machine.rings();
    expect(machine.now - start).toBe(15_000);
  });

  test("four seconds without an answer make it suspect; what is typed still leaves, and any word clears it", () => {
    const machine = new Machine().lives();
    machine.rings();
    expect(machine.rings()).toBe(4_000);
    expect(machine.phase).toBe("suspect");
    machine.types();
    expect(machine.said).toEqual(["send op"]);
    expect(machine.hearsSomething().phase).toBe("live");
    expect(machine.rings()).toBeLessThanOrEqual(1_000);
  });

  test("a machine that slept asks before it judges, and then judges soon", () => {
    const machine = new Machine().lives();
    machine.rings();
    machine.now += 3_600_000;
    machine.tell({ type: "tick" });
    expect(machine.phase).toBe("live");
    expect(machine.said).toEqual(["send ping"]);
    machine.rings();
    expect(machine.phase).toBe("backoff");
    expect(machine.session.alarmAt).toBe(machine.now + 300);
  });

  test("a hidden page with one timer a minute finds a dead link at its second one", () => {
    const machine = new Machine().lives();
    for (let minute = 0; minute < 2; minute += 1) {
      machine.now += 60_000;
      machine.tell({ type: "tick" });
    }
    expect(machine.phase).toBe("backoff");
  });

  test("any bytes are a sign of life", () => {
    const machine = new Machine().lives();
    for (let i = 0; i < 10; i += 1) {
      machine.rings();
      machine.tell({ type: "heard", generation: machine.generation });
    }
    expect(machine.phase).toBe("live");
  });

  test("a hidden page with one timer a minute does not take a good link for dead", () => {
    const machine = new Machine().lives();
    for (let minute = 0; minute < 5; minute += 1) {
      machine.now += 60_000;
      machine.tell({ type: "tick" });
      expect(machine.said).toContain("send ping");
      machine.hears({ type: "pong", t: machine.now, time: machine.now * 1000 });
    }
    expect(machine.phase).toBe("live");
  });

  test("in a room where nothing goes on the server asks, and the page only when that stops", () => {
    const machine = new Machine().lives();
    machine.rests();
    const quiet = machine.now;
    machine.rings();
    expect(machine.now - quiet).toBe(12_000);
    expect(machine.said).toEqual(["send ping"]);
  });

  test("where something goes on again the page asks as before", () => {
    const machine = new Machine().lives();
    machine.rests();
    const busy = machine.now;
    machine.hears({ type: "entries", entries: [entry(1)] });
    machine.rings();
    expect(machine.now - busy).toBe(5_000);
    expect(machine.said).toEqual(["send ping"]);
  });

  test("the server's pings are answered", () => {
    expect(new Machine().lives().hears({ type: "ping", t: 7 }).said).toEqual(["send pong"]);
  });

  test("the quickest round trip tells the server's clock", () => {
    const machine = new Machine().lives();
    machine.hears({ type: "pong", t: machine.now - 100, time: (machine.now + 5_000) * 1000 });
    expect(machine.session.offset).toBe(5_050);
    machine.hears({ type: "pong", t: machine.now - 4_000, time: 0 });
    expect(machine.session.offset).toBe(5_050);
  });
});

describe("catching up", () => {
  test("the first hello has nothing, the next one says where it was", () => {
    const machine = new Machine();
    expect(machine.connects().hello).toEqual({
      type: "hello",
      packed: true,
      instance: "instance-1-xxxxxx",
      last: {},
      vector: VECTOR,
    });
    machine.hears(welcome()).hears({ type: "state", update: VECTOR, seq: 10 });
    machine.hears({ type: "entries", entries: [entry(11)] }).closes(1006);
    const again = machine.connects().hello;
    expect(again).toMatchObject({ lineage: "l-1", incarnation: "i-1", last: { room: 11 } });
    expect(again.instance).toBe("instance-1-xxxxxx");
  });

  test("the story counts only when its end is there", () => {
    const machine = new Machine();
    machine
      .connects()
      .hears(welcome())
      .hears({ type: "entries", entries: [entry(1)] });
    expect(machine.wants).toEqual([]);
    machine.closes(1006);
    expect(machine.connects().hello.last).toEqual({});
  });

  test("resumed is live at once", () => {
    const machine = new Machine().lives().closes(1006);
    machine.connects().hears(welcome({ mode: "resumed" }));
    expect(machine.phase).toBe("live");
  });

  test("a page that was too slow for the live link is told the room in one piece, over the same link", () => {
    const machine = new Machine().lives();
    machine.types();
    machine.hears(welcome()).hears({ type: "entries", entries: [entry(1), entry(40)] });
    expect(machine.phase).toBe("syncing");
    machine.hears({ type: "state", update: VECTOR, seq: 40 });
    expect(machine.said).toEqual(["resynced", "live", "send op"]);
    machine.hears({ type: "entries", entries: [entry(41)] });
    expect(machine.phase).toBe("live");
  });

  test("a repeat is dropped", () => {
    const machine = new Machine().lives();
    machine.hears({ type: "entries", entries: [entry(11), entry(11), entry(12)] });
    expect(machine.wants).toEqual([{ type: "entries", entries: [entry(11), entry(12)] }]);
    expect(machine.hears({ type: "entries", entries: [entry(12)] }).wants).toEqual([]);
  });

  test("private streams are counted each by itself", () => {
    const machine = new Machine().lives();
    const note = { ...entry(1), stream: "interviewers" };
    expect(machine.hears({ type: "entries", entries: [note] }).said).toEqual(["entries"]);
    machine.closes(1006);
    expect(machine.connects().hello.last).toEqual({ room: 10, interviewers: 1 });
  });
});

describe("holes", () => {
  test("a seq that nothing can fill: the room is read anew", () => {
    const machine = new Machine().lives();
    machine.hears({ type: "entries", entries: [entry(12)] });
    expect(machine.said).toEqual(["drop", "lost"]);
    expect(machine.connects().hello.last).toEqual({});
  });

  test.each([
    ["before", ["ack", "entry"]],
    ["after", ["entry", "ack"]],
  ])("our own edit fills it, its ack coming %s the entry", (_, order) => {
    const machine = new Machine().lives();
    machine.types();
    for (const what of order) {
      if (what === "ack") machine.hears({ type: "ack", upto: 1, seq: 11 });
      else machine.hears({ type: "entries", entries: [entry(12)] });
    }
    expect(machine.phase).toBe("live");
    machine.hears({ type: "entries", entries: [entry(14)] });
    expect(machine.phase).toBe("backoff");
  });

  test("an ack of edits alone moves nothing: they may be told again", () => {
    const machine = new Machine().lives();
    machine.types();
    machine.hears({ type: "ack", upto: 1, seq: 11 }).closes(1006);
    expect(machine.connects().hello.last).toEqual({ room: 10 });
    machine.hears(welcome({ mode: "resumed", acked: 1 }));
    machine.hears({ type: "entries", entries: [entry(11, "edit"), entry(12)] });
    expect(machine.phase).toBe("live");
  });
});

describe("operations", () => {
  test("leave at once when live, are kept until acked, and go out again after a return", () => {
    const machine = new Machine().lives();
    machine.types();
    expect(machine.said).toEqual(["send op"]);
    machine.closes(1006);
    machine.types();
    expect(machine.wants).toEqual([]);
    expect(machine.connects().hello).toMatchObject({ pending: [1, 2] });
    machine.hears(welcome({ mode: "resumed" }));
    expect(machine.said).toEqual(["live", "send op", "send op"]);
    machine.hears({ type: "ack", upto: 2, seq: 12 });
    expect(machine.session.exchange.pending).toBe(0);
  });

  test("that were settled while we were away are not sent again", () => {
    const machine = new Machine().lives();
    machine.types();
    machine.types();
    machine
      .closes(1006)
      .connects()
      .hears(welcome({ mode: "resumed", acked: 1 }));
    const sent = machine.wants.filter((want) => want.type === "send");
    expect(sent).toMatchObject([{ frame: { type: "op", pseq: 2 } }]);
  });

  test("are not all on the wire at once", () => {
    const machine = new Machine().lives();
    let sent = 0;
    for (let i = 0; i < 700; i += 1) sent += machine.types().length;
    expect(sent).toBe(500);
    machine.hears({ type: "ack", upto: 300, seq: 310 });
    expect(machine.said.filter((said) => said === "send op")).toHaveLength(200);
  });

  test("that wait when the document is made anew are given back", () => {
    const machine = new Machine().lives();
    machine.closes(1006);
    machine.session.submit({ kind: "chat", body: { text: "hi" } }, machine.now);
    machine.tell({ type: "spoilt" });
    expect(machine.wants).toMatchObject([
      { type: "refused", code: "uncertain" },
      { type: "renamed", instance: "instance-2-xxxxxx" },
    ]);
  });
});

test("a page that takes its document anew leaves its seat, for it comes back under another name", () => {
  const machine = new Machine().lives();
  machine.tell({ type: "spoilt" });
  expect(machine.wants).toContainEqual({ type: "drop", code: 1000 });
});

test("the token is renewed when four fifths of its life are over", () => {
  const machine = new Machine().lives();
  machine.now += 5_759_000;
  machine.tell({ type: "tick" });
  expect(machine.said).not.toContain("send renew");
  machine.hears({ type: "pong", t: 0, time: 0 });
  machine.now += 1_000;
  machine.tell({ type: "tick" });
  expect(machine.said).toContain("send renew");
  machine.hears({ type: "token", token: "t-2", expiresIn: 7200 });
  expect(machine.said).toEqual(["token"]);
});
