// The fold of log entries into what a room looks like.

import { describe, expect, test } from "vitest";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { apply, applyAll } from "../../src/room/apply";
import { ALL_HELP, EMPTY, type RoomState } from "../../src/room/state";
import { vectors } from "../protocol/vectors";

/** Writes a log: one entry a second. */
class Log {
  readonly entries: Entry[] = [];

  add(actor: string, kind: string, body: CborMap = {}): this {
    const seq = this.entries.length + 1;
    this.entries.push({ stream: "room", seq, at: seq * 1_000_000, actor, kind, body });
    return this;
  }

  get state(): RoomState {
    return applyAll(EMPTY, this.entries);
  }
}

function begun(): Log {
  return new Log()
    .add("server", "room.created", { title: "T", lineage: "l", settings: {}, version: 1 })
    .add("ada", "person.joined", { name: "Ada", role: "candidate", colour: 2, invite: "candidate/1" })
    .add("ada", "file.created", { file: "main.py", path: "main.py" });
}

const STDOUT = (text: string) => ({ output_type: "stream", name: "stdout", text });

describe("the room", () => {
  test("runs on the default environment unless another was chosen", () => {
    expect(begun().state.environment).toBe("default");
    const settings = { environment: "bare" };
    const log = new Log().add("server", "room.created", { title: "T", lineage: "l", settings, version: 1 });
    expect(log.state.environment).toBe("bare");
  });

  test("helps in its editor unless that was turned off", () => {
    expect(begun().state.help).toEqual(ALL_HELP);
    const settings = { hover: false, completion: true, diagnostics: "?" };
    const log = new Log().add("server", "room.created", { title: "T", lineage: "l", settings, version: 1 });
    expect(log.state.help).toEqual({ ...ALL_HELP, hover: false });
  });
});

describe("seats, by the vectors that the server's fold is held to as well", () => {
  interface Case {
    name: string;
    entries: [second: number, kind: string, body: CborMap][];
    seats: string[];
    lost: string[];
    online: boolean;
    since: number;
  }
  const BEFORE: Case["entries"] = [
    [0, "room.created", { title: "T", lineage: "l", settings: {}, version: 1 }],
    [0, "person.joined", { name: "Ada", role: "candidate", colour: 0, invite: "candidate/1" }],
  ];

  test.each(vectors<{ cases: Case[] }>("seats").cases)("$name", ({ entries, name: _, ...wanted }) => {
    const log = [...BEFORE, ...entries].map(
      ([second, kind, body], at): Entry => ({
        stream: "room",
        seq: at + 1,
        at: second * 1_000_000,
        actor: "ada",
        kind,
        body,
      }),
    );
    expect(applyAll(EMPTY, log).people.get("ada")).toMatchObject(wanted);
  });
});

describe("people", () => {
  test("are online while they have a seat, and away since they have none", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
    log.add("ada", "seat.opened", { seat: "s-2", dialect: "stock" });
    log.add("ada", "seat.closed", { seat: "s-1", code: 1001 });
    expect(log.state.people.get("ada")).toMatchObject({ online: true, since: 4_000_000, seats: ["s-2"] });
    log.add("ada", "seat.closed", { seat: "s-2", code: 1006 });
    expect(log.state.people.get("ada")).toMatchObject({ online: false, since: 7_000_000 });
  });

  test("are away while their connection is lost, and since then", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
    log.add("ada", "seat.lost", { seat: "s-1", code: 1006 });
    expect(log.state.people.get("ada")).toMatchObject({ online: false, since: 5_000_000, lost: ["s-1"] });
    log.add("ada", "seat.back", { seat: "s-1", away: 1_000_000, pending: 3 });
    log.add("ada", "seat.merged", { seat: "s-1", edits: 3 });
    expect(log.state.people.get("ada")).toMatchObject({
      online: true,
      since: 6_000_000,
      seats: ["s-1"],
      lost: [],
    });
  });

  test("are away since their last connection was lost, not since its seat was given up", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
    log
      .add("ada", "seat.lost", { seat: "s-1", code: 4304, silent: 700_000 })
      .add("ada", "seat.closed", { seat: "s-1", code: 4304 });
    expect(log.state.people.get("ada")).toMatchObject({
      online: false,
      since: 4_300_000,
      seats: [],
      lost: [],
    });
    log.add("ada", "seat.back", { seat: "s-1", away: 1, pending: 0 });
    expect(log.state.people.get("ada")).toMatchObject({ online: false, seats: [] });
    log.add("ada", "seat.opened", { seat: "s-2", dialect: "fourhands", again: "s-1", away: 9, pending: 0 });
    expect(log.state.people.get("ada")).toMatchObject({ online: true, since: 8_000_000, seats: ["s-2"] });
  });

  test("are here as long as one of their connections is", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
    log
      .add("ada", "seat.opened", { seat: "s-2", dialect: "stock" })
      .add("ada", "seat.lost", { seat: "s-1", code: 1006 });
    expect(log.state.people.get("ada")).toMatchObject({ online: true, since: 4_000_000, lost: ["s-1"] });
  });

  test("are online with a Jupyter front end", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "jupyter" });
    expect(log.state.people.get("ada")).toMatchObject({ online: true, seats: ["s-1"] });
  });

  test("are not online by an HTTP call", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "api" });
    expect(log.state.people.get("ada")?.online).toBe(false);
  });

  test("keep their seats when they join again under another name", () => {
    const log = begun().add("ada", "seat.opened", { seat: "s-1", dialect: "fourhands" });
    log.add("ada", "person.joined", { name: "Ada L.", role: "candidate", colour: 2, invite: "candidate/1" });
    expect(log.state.people.get("ada")).toMatchObject({ name: "Ada L.", online: true });
  });

  test("that are removed stay on the record", () => {
    expect(begun().add("bob", "person.removed", { person: "ada" }).state.people.get("ada")?.removed).toBe(
      true,
    );
  });
});

test("files keep their root name and their order", () => {
  const log = begun().add("bob", "file.created", { file: "b.py", path: "b.py" });
  log.add("bob", "file.renamed", { file: "main.py", path: "z.py" });
  log.add("bob", "file.deleted", { file: "b.py" });
  expect(log.state.files).toEqual([
    { file: "main.py", path: "z.py", deleted: false, createdBy: "ada" },
    { file: "b.py", path: "b.py", deleted: true, createdBy: "bob" },
  ]);
});

describe("a run", () => {
  const running = () => {
    const log = begun().add("ada", "run.queued", { run: "r", file: "main.py" });
    return log.add("server", "run.started", { run: "r", code: "input()" });
  };

  test("goes from queued to its end", () => {
    const log = running().add("server", "run.outputs", { run: "r", n: 0, items: [STDOUT("a"), STDOUT("b")] });
    log.add("server", "run.finished", { run: "r", status: "ok", duration: 1500, count: 3, dropped: 7 });
    expect(log.state.runs).toEqual([
      {
        run: "r",
        by: "ada",
        seq: 4,
        file: "main.py",
        path: "main.py",
        code: "input()",
        status: "ok",
        queuedAt: 4_000_000,
        startedAt: 5_000_000,
        finishedAt: 7_000_000,
        outputs: [STDOUT("ab")],
        items: 2,
        dropped: 7,
        duration: 1500,
        count: 3,
        input: null,
      },
    ]);
  });

  test.each([0, 1])("does not show the same item twice, counted from %i", (first) => {
    const log = running().add("server", "run.outputs", {
      run: "r",
      n: first,
      items: [STDOUT("a"), STDOUT("b")],
    });
    log.add("server", "run.outputs", { run: "r", n: first + 1, items: [STDOUT("b"), STDOUT("c")] });
    expect(log.state.runs[0]?.outputs).toEqual([STDOUT("abc")]);
  });

  test("waits for input until it is given, or the run ends", () => {
    const asked = running().add("server", "run.input_asked", { run: "r", prompt: "? ", password: true });
    expect(asked.state.runs[0]?.input).toEqual({ prompt: "? ", password: true });
    asked.add("ada", "run.input", { run: "r" });
    expect(asked.state.runs[0]?.input).toBeNull();
    asked.add("server", "run.input_asked", { run: "r", prompt: "? ", password: false });
    asked.add("server", "run.finished", { run: "r", status: "interrupted", duration: 1 });
    expect(asked.state.runs[0]?.input).toBeNull();
  });

  test("keeps what was asked and answered between its outputs, and of a password that there was one", () => {
    const log = running().add("server", "run.outputs", { run: "r", n: 0, items: [STDOUT("a")] });
    log.add("server", "run.input_asked", { run: "r", prompt: "name? ", password: false });
    log.add("bob", "run.input", { run: "r", text: "Ada" });
    log.add("server", "run.input_asked", { run: "r", prompt: "key? ", password: true });
    log.add("ada", "run.input", { run: "r" });
    log.add("server", "run.outputs", { run: "r", n: 1, items: [STDOUT("b")] });
    expect(log.state.runs[0]?.outputs).toEqual([
      STDOUT("a"),
      { output_type: "answer", prompt: "name? ", by: "bob", text: "Ada" },
      { output_type: "answer", prompt: "key? ", by: "ada" },
      STDOUT("b"),
    ]);
  });

  test("keeps its limit, how it was stopped, and the name that its file had", () => {
    const log = begun().add("ada", "run.queued", { run: "r", file: "main.py", code: "1", first_line: 3 });
    log.add("ada", "file.renamed", { file: "main.py", path: "b.py" });
    log.add("server", "run.started", { run: "r", code: "1", limit: 5 });
    log.add("server", "run.finished", { run: "r", status: "timeout", duration: 1, stop: "signal" });
    expect(log.state.runs[0]).toMatchObject({
      path: "main.py",
      firstLine: 3,
      limit: 5,
      stop: "signal",
      status: "timeout",
    });
  });

  test("that waits is taken back by a person, and says by whom", () => {
    const log = begun().add("ada", "run.queued", { run: "r", code: "1 + 1", console: true });
    log.add("ada", "run.finished", { run: "r", status: "aborted", duration: 0 });
    expect(log.state.runs[0]).toMatchObject({ console: true, status: "aborted", takenBackBy: "ada" });
  });

  test("that nobody queued changes nothing", () => {
    expect(begun().add("server", "run.finished", { run: "x", status: "ok", duration: 1 }).state.runs).toEqual(
      [],
    );
  });
});

test("what code wrote goes with its kernel", () => {
  const written = { files: [{ path: "out.csv", size: 3 }], more: 1 };
  const log = begun().add("server", "kernel", { state: "idle" }).add("server", "kernel.files", written);
  log.add("server", "kernel", { state: "busy" });
  expect(log.state.written).toEqual(written);
  log.add("server", "kernel", { state: "starting" });
  expect(log.state.written).toEqual({ files: [], more: 0 });
});

test("data files come, are replaced and go", () => {
  const one = { path: "data.csv", size: 3, sha256: "a".repeat(64) };
  const log = begun()
    .add("bob", "data.added", one)
    .add("ada", "data.added", { ...one, size: 5 });
  expect([...log.state.data.values()]).toEqual([{ ...one, size: 5, by: "ada" }]);
  log.add("bob", "data.removed", { path: "data.csv" });
  expect(log.state.data.size).toBe(0);
});

test("the end, the kernel, revoked invites, cursors and owners of ids", () => {
  const log = begun().add("server", "kernel", { state: "busy" }).add("ada", "client", { client: 77 });
  log.add("ada", "cursor", { client: 77, file: "main.py", anchor: 1, head: 4 });
  log.add("bob", "invite.revoked", { invite: "candidate/1" }).add("bob", "room.ended");
  expect(log.state).toMatchObject({
    kernel: { state: "busy" },
    revoked: ["candidate/1"],
    endedAt: 8_000_000,
  });
  expect(log.state.clients.get(77)).toBe("ada");
  expect(log.state.cursors.get("ada")).toMatchObject({ anchor: 1, head: 4, at: 6_000_000 });
});

test("an unknown kind is kept as it is", () => {
  const log = begun().add("ada", "whiteboard.stroke", { points: [1, 2] });
  expect(log.state.events).toEqual([
    { seq: 4, at: 4_000_000, actor: "ada", kind: "whiteboard.stroke", body: { points: [1, 2] } },
  ]);
  expect(log.state.seq).toBe(4);
});

test("a private entry and a repeat change nothing", () => {
  const { state, entries } = begun();
  expect(apply(state, { ...(entries[2] as Entry), stream: "interviewers", seq: 9 })).toBe(state);
  expect(apply(state, entries[0] as Entry)).toBe(state);
});

test("what did not change is the same object", () => {
  const log = begun().add("ada", "chat", { text: "hi" });
  const before = log.state;
  const after = apply(before, { ...(log.entries[3] as Entry), seq: 5 });
  expect(after.people).toBe(before.people);
  expect(after.chat).toHaveLength(2);
  expect(before.chat).toHaveLength(1);
});
