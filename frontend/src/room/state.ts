// What a room looks like: the fold of its log entries, the same for the live room and the replay.

import type { CborMap } from "../../../protocol/ts/cbor";
import type {
  Bodies,
  KernelPhase,
  QuestionOffered,
  RunEnd,
  StopMeans,
  TestCounts,
  TestsEnd,
  Visibility,
} from "../../../protocol/ts/entries";
import type { Output } from "../../../protocol/ts/outputs";
import type { Role } from "../../../protocol/ts/roles";

/** All times are µs of the log's clock. */
export interface Person {
  id: string;
  name: string;
  role: Role;
  /** Index into the palette of people. */
  colour: number;
  /** Connections, by seat id. */
  seats: readonly string[];
  /** Those of them that dropped or fell silent; each is kept for some 20 s, in which its page may come back. */
  lost: readonly string[];
  /** Any of them is there. */
  online: boolean;
  /** When `online` last changed: away since, or here since. */
  since: number;
  removed: boolean;
}

export interface FileState {
  /** The root name of its text, fixed for life. */
  file: string;
  path: string;
  deleted: boolean;
  createdBy: string;
}

/** A file for the room's code whose bytes the server keeps; `size` in bytes. */
export interface DataFile {
  path: string;
  size: number;
  sha256: string;
  by: string;
}

/** Files that code wrote into the kernel's folder, as far as they are listed; `more` at least are there besides. */
export interface Written {
  files: readonly { path: string; size: number }[];
  more: number;
}

export const NOTHING_WRITTEN: Written = { files: [], more: 0 };

export interface ChatLine {
  seq: number;
  at: number;
  person: string;
  text: string;
}

/** An answer to `input()`, where it fell between the outputs; without text it was a password. */
export interface Answer {
  output_type: "answer";
  prompt: string;
  by: string;
  text?: string;
}

export type RunStatus = "queued" | "running" | RunEnd;

export interface RunState {
  run: string;
  by: string;
  /** The seq of the entry that asked for it: a whole file ran as it stood then. */
  seq: number;
  /** The file that was run whole or in part; absent for other text. */
  file?: string;
  /** What that file was called when it was run. */
  path?: string;
  /** The exact code, known at the latest when the run starts. */
  code?: string;
  /** Where given text begins in its file, 1-based. */
  firstLine?: number;
  /** Typed at the console. */
  console?: boolean;
  /** Seconds after which it is stopped; known when the run starts. */
  limit?: number;
  status: RunStatus;
  queuedAt: number;
  startedAt?: number;
  finishedAt?: number;
  outputs: readonly (Output | Answer)[];
  /** Bytes of output that this page was not told, for they are old and large; absent where all is there. */
  leftOut?: number;
  /** The number of the next output item; one numbered below is a repeat. */
  items: number;
  /** Bytes of output that were not kept. */
  dropped: number;
  /** The kernel's execution count, `In [n]`. */
  count?: number;
  /** µs, as the kernel host measured it. */
  duration?: number;
  /** How far an interrupt had to go; absent where the run ended by itself. */
  stop?: StopMeans;
  /** Who stopped it, where somebody did. */
  stoppedBy?: string;
  /** Who took it back while it waited. */
  takenBackBy?: string;
  /** What the run asks for with `input()`; null while it does not. */
  input: { prompt: string; password: boolean } | null;
}

export interface Cursor {
  person: string;
  client: number;
  file: string;
  anchor: number;
  head: number;
  at: number;
}

/** An entry that this version has no picture for; kept so that nothing is hidden. */
export interface PlainEvent {
  seq: number;
  at: number;
  actor: string;
  kind: string;
  body: CborMap;
}

/** A question, as the last entry of its id has it. */
export interface QuestionState extends QuestionOffered {
  seq: number;
  at: number;
  by: string;
}

/** One running of a question's hidden tests, as far as everybody may know it. */
export interface JudgementState {
  judgement: string;
  question: string;
  by: string;
  seq: number;
  queuedAt: number;
  startedAt?: number;
  finishedAt?: number;
  status: "queued" | "running" | TestsEnd;
  visibility?: Visibility;
  /** There were no walls around the code, which could have read or forged them. */
  unisolated?: boolean;
  /** What everybody may know of each test; nothing where only counts are told. */
  results: readonly Bodies["tests.result"][];
  total: number;
  /** At the end. */
  counts?: TestCounts;
  /** µs */
  duration?: number;
  detail?: string;
  /** Who stopped it. */
  cancelledBy?: string;
}

/** Which help the room's editor gives; some interviews want none. */
export interface EditorHelp {
  completion: boolean;
  hover: boolean;
  signatures: boolean;
  diagnostics: boolean;
  formatting: boolean;
}

export const ALL_HELP: EditorHelp = {
  completion: true,
  hover: true,
  signatures: true,
  diagnostics: true,
  formatting: true,
};

/** Treat as immutable: a part that did not change keeps its identity from one state to the next. */
export interface RoomState {
  /** Head: the last entry folded in; 0 before the first. */
  seq: number;
  at: number;
  title: string;
  lineage: string;
  createdAt: number;
  endedAt: number | null;
  /** What its code runs on, by name. */
  environment: string;
  help: EditorHelp;
  /** By participant id, in order of joining. */
  people: ReadonlyMap<string, Person>;
  /** In order of creation, the deleted ones too. */
  files: readonly FileState[];
  /** By path. */
  data: ReadonlyMap<string, DataFile>;
  written: Written;
  chat: readonly ChatLine[];
  /** In order of queueing. */
  runs: readonly RunState[];
  /** By id, in the order in which they came. */
  questions: ReadonlyMap<string, QuestionState>;
  /** In the order in which they were asked for. */
  judgements: readonly JudgementState[];
  /** Services of the kernel that is there, by port. */
  services: ReadonlyMap<number, Bodies["service"]>;
  kernel: { state: KernelPhase; detail?: string };
  /** The last recorded cursor of each person. */
  cursors: ReadonlyMap<string, Cursor>;
  /** Who owns which Yjs client id. */
  clients: ReadonlyMap<number, string>;
  revoked: readonly string[];
  events: readonly PlainEvent[];
}

export const EMPTY: RoomState = {
  seq: 0,
  at: 0,
  title: "",
  lineage: "",
  createdAt: 0,
  endedAt: null,
  environment: "default",
  help: ALL_HELP,
  people: new Map(),
  files: [],
  data: new Map(),
  written: NOTHING_WRITTEN,
  chat: [],
  runs: [],
  questions: new Map(),
  judgements: [],
  services: new Map(),
  kernel: { state: "none" },
  cursors: new Map(),
  clients: new Map(),
  revoked: [],
  events: [],
};
