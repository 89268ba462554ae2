// The fold itself: one entry of the room's stream turns one RoomState into the next.

import type { CborMap } from "../../../protocol/ts/cbor";
import { type Bodies, type Entry, isKnown, type KernelPhase, type Kind } from "../../../protocol/ts/entries";
import { fold, type Output } from "../../../protocol/ts/outputs";
import { JUDGEMENTS } from "./judgements";
import {
  type Answer,
  type EditorHelp,
  type FileState,
  NOTHING_WRITTEN,
  type Person,
  type RoomState,
  type RunState,
} from "./state";

/** Unknown kinds are kept for show; an endless stream of them must not fill the memory. */
const MAX_EVENTS = 1000;

type Change = Partial<RoomState>;
type Known<K extends Kind> = Omit<Entry, "kind" | "body"> & { kind: K; body: Bodies[K] };
type Folds = { [K in Kind]: (state: RoomState, entry: Known<K>) => Change };

/** Entries come in rising order; one that is folded in already changes nothing, nor does a private stream's. */
export function apply(state: RoomState, entry: Entry): RoomState {
  if (entry.stream !== "room" || entry.seq <= state.seq) return state;
  return { ...state, seq: entry.seq, at: entry.at, ...changeOf(state, entry) };
}

export function applyAll(state: RoomState, entries: Iterable<Entry>): RoomState {
  let next = state;
  for (const entry of entries) next = apply(next, entry);
  return next;
}

function changeOf(state: RoomState, entry: Entry): Change {
  if (!isKnown(entry)) return plainEvent(state, entry);
  // The pairing of kind and body holds for each member of the union; the compiler cannot see it through an index.
  const step = FOLDS[entry.kind] as (state: RoomState, entry: Entry) => Change;
  return step(state, entry);
}

/** On, but for what was turned off. */
function helpOf(settings: CborMap): EditorHelp {
  const on = (name: keyof EditorHelp) => settings[name] !== false;
  return {
    completion: on("completion"),
    hover: on("hover"),
    signatures: on("signatures"),
    diagnostics: on("diagnostics"),
    formatting: on("formatting"),
  };
}

const FOLDS: Folds = {
  "room.created": (state, { at, body }) => {
    const { title, lineage, settings } = body;
    const chosen = settings.environment;
    const environment = typeof chosen === "string" ? chosen : state.environment;
    return { title, lineage, createdAt: at, environment, help: helpOf(settings) };
  },
  "room.ended": (_, { at }) => ({ endedAt: at }),

  "person.joined": (state, { actor, at, body }) => {
    const { name, role, colour } = body;
    const known = state.people.get(actor);
    const fresh = { id: actor, seats: [], lost: [], online: false, since: at, removed: false };
    return withPerson(state, { ...(known ?? fresh), name, role, colour });
  },
  "person.removed": (state, { body }) => person(state, body.person, () => ({ removed: true })),
  "seat.opened": (state, { actor, at, body }) =>
    // A call over HTTP is no presence: nobody waits at its other end.
    body.dialect === "api" ? {} : person(state, actor, (who) => seated(who, body.seat, at, "here")),
  "seat.lost": (state, { actor, at, body }) =>
    person(state, actor, (who) =>
      who.seats.includes(body.seat) ? seated(who, body.seat, at - (body.silent ?? 0), "lost") : {},
    ),
  "seat.back": (state, { actor, at, body }) =>
    person(state, actor, (who) => (who.seats.includes(body.seat) ? seated(who, body.seat, at, "here") : {})),
  "seat.merged": () => ({}),
  "seat.closed": (state, { actor, at, body }) =>
    person(state, actor, (who) => seated(who, body.seat, at, "gone")),
  "invite.revoked": (state, { body }) => ({ revoked: [...state.revoked, body.invite] }),
  client: (state, { actor, body }) => ({ clients: new Map(state.clients).set(body.client, actor) }),

  edit: () => ({}),
  cursor: (state, { actor, at, body }) => {
    const { client, file, anchor, head } = body;
    const cursor = { person: actor, client, file, anchor, head, at };
    return { cursors: new Map(state.cursors).set(actor, cursor) };
  },
  chat: (state, { seq, at, actor, body }) => ({
    chat: [...state.chat, { seq, at, person: actor, text: body.text }],
  }),

  "file.created": (state, { actor, body }) => ({
    files: [...state.files, { file: body.file, path: body.path, deleted: false, createdBy: actor }],
  }),
  "file.renamed": (state, { body }) => file(state, body.file, { path: body.path }),
  "file.deleted": (state, { body }) => file(state, body.file, { deleted: true }),

  "run.queued": (state, entry) => ({ runs: [...state.runs, queued(state, entry)] }),
  "run.started": (state, { at, body }) => run(state, body.run, () => started(at, body)),
  "run.input_asked": (state, { body }) =>
    run(state, body.run, () => ({ input: { prompt: body.prompt, password: body.password } })),
  "run.input": (state, { actor, body }) => run(state, body.run, (of) => answered(of, actor, body.text)),
  "run.outputs": (state, { body }) => run(state, body.run, (of) => printed(of, body)),
  "run.finished": (state, entry) => run(state, entry.body.run, (of) => finished(state, of, entry)),

  kernel: (_, { body }) => ({
    kernel: body,
    ...(lives(body.state) ? {} : { written: NOTHING_WRITTEN, services: new Map() }),
  }),
  "kernel.files": (_, { body }) => ({ written: body }),
  "data.added": (state, { actor, body }) => ({
    data: new Map(state.data).set(body.path, { ...body, by: actor }),
  }),
  "data.removed": (state, { body }) => {
    const data = new Map(state.data);
    data.delete(body.path);
    return { data };
  },
  "question.offered": (state, { seq, at, actor, body }) => ({
    questions: new Map(state.questions).set(body.question, { ...body, seq, at, by: actor }),
  }),
  ...JUDGEMENTS,
  service: (state, { body }) => ({ services: new Map(state.services).set(body.port, body) }),

  "kernel.interrupted": (state, entry) => ({ ...plainEvent(state, entry), ...stopped(state, entry.actor) }),
  "kernel.restarted": plainEvent,
};

/** A kernel that starts has a new folder and new services, one that is gone took its own along. */
function lives(kernel: KernelPhase): boolean {
  return kernel === "idle" || kernel === "busy";
}

function plainEvent(state: RoomState, entry: Pick<Entry, "seq" | "at" | "actor" | "kind" | "body">): Change {
  const { seq, at, actor, kind, body } = entry;
  return { events: [...state.events.slice(1 - MAX_EVENTS), { seq, at, actor, kind, body }] };
}

function withPerson(state: RoomState, who: Person): Change {
  return { people: new Map(state.people).set(who.id, who) };
}

function person(state: RoomState, id: string, change: (who: Person) => Partial<Person>): Change {
  const who = state.people.get(id);
  return who === undefined ? {} : withPerson(state, { ...who, ...change(who) });
}

/** What became of one seat of somebody's. */
function seated(who: Person, seat: string, at: number, is: "here" | "lost" | "gone"): Partial<Person> {
  const among = (seats: readonly string[], held: boolean) => {
    const others = seats.filter((one) => one !== seat);
    return held ? [...others, seat] : others;
  };
  const seats = is !== "gone" && who.seats.includes(seat) ? who.seats : among(who.seats, is !== "gone");
  const lost = among(who.lost, is === "lost");
  const online = lost.length < seats.length;
  return { seats, lost, online, since: online === who.online ? who.since : at };
}

function file(state: RoomState, name: string, change: Partial<FileState>): Change {
  return { files: state.files.map((one) => (one.file === name ? { ...one, ...change } : one)) };
}

function queued(state: RoomState, { actor, seq, at, body }: Known<"run.queued">): RunState {
  const run: RunState = {
    run: body.run,
    by: actor,
    seq,
    status: "queued",
    queuedAt: at,
    outputs: [],
    items: 0,
    dropped: 0,
    input: null,
  };
  if (body.file !== undefined) {
    run.file = body.file;
    const path = state.files.find((one) => one.file === body.file)?.path;
    if (path !== undefined) run.path = path;
  }
  if (body.console === true) run.console = true;
  if (body.code !== undefined) run.code = body.code;
  if (body.first_line !== undefined) run.firstLine = body.first_line;
  return run;
}

function started(at: number, { code, limit }: Bodies["run.started"]): Partial<RunState> {
  const change: Partial<RunState> = { status: "running", startedAt: at, code };
  if (limit !== undefined) change.limit = limit;
  return change;
}

/** Whatever runs now is what is to stop. */
function stopped(state: RoomState, by: string): Change {
  const current = state.runs.find((one) => one.status === "running");
  return current === undefined ? {} : run(state, current.run, () => ({ stoppedBy: by }));
}

function run(state: RoomState, id: string, change: (of: RunState) => Partial<RunState>): Change {
  const index = state.runs.findLastIndex((one) => one.run === id);
  const found = state.runs[index];
  if (found === undefined) return {};
  const runs = state.runs.slice();
  runs[index] = { ...found, ...change(found) };
  return { runs };
}

/** A host that lost its link may tell the same items twice: their numbers say which are new. */
function printed(of: RunState, { n, items }: Bodies["run.outputs"]): Partial<RunState> {
  const fresh = items.slice(Math.max(0, of.items - n));
  // The fold leaves alone what it does not know: what is said after an answer does not join what was said before.
  const outputs = fresh.reduce(fold, of.outputs as readonly Output[]);
  return { outputs, items: Math.max(of.items, n + items.length) };
}

function answered(of: RunState, by: string, text: string | undefined): Partial<RunState> {
  const answer: Answer = { output_type: "answer", prompt: of.input?.prompt ?? "", by };
  if (text !== undefined) answer.text = text;
  // A clear that waits for the next thing to show has it now.
  const cleared = of.outputs.at(-1)?.output_type === "clear_output";
  return { input: null, outputs: [...(cleared ? [] : of.outputs), answer] };
}

function finished(state: RoomState, of: RunState, entry: Known<"run.finished">): Partial<RunState> {
  const { status, duration, count, dropped = of.dropped, stop } = entry.body;
  const change: Partial<RunState> = { status, finishedAt: entry.at, duration, dropped, input: null };
  if (count !== undefined) change.count = count;
  if (stop !== undefined) change.stop = stop;
  // Only a person takes a run back; every other end is told by the kernel.
  if (state.people.has(entry.actor)) change.takenBackBy = entry.actor;
  return change;
}
