// The kinds of log entries and the shape of each body, as the log keeps them.

import type { CborMap } from "./cbor";
import type { OutputItem } from "./outputs";
import type { Role } from "./roles";

export type Dialect = "stock" | "hocuspocus" | "fourhands" | "api" | "jupyter";
export type RunEnd = "ok" | "error" | "interrupted" | "aborted" | "timeout" | "kernel_died";
export type KernelPhase = "none" | "starting" | "idle" | "busy" | "dead" | "unavailable";

/** A message, then a signal, then a new kernel. */
export type StopMeans = "message" | "signal" | "replaced";

/** A whole file, or code; with `file` that is a part of it, with `console` a line typed at the console. */
export interface RunAsked {
  run: string;
  file?: string;
  code?: string;
  first_line?: number;
  console?: boolean;
}

/** Bodies by kind; optional keys may be absent, and newer servers may add keys. */
export interface Bodies {
  "room.created": { title: string; lineage: string; settings: CborMap; version: number };
  "room.ended": Record<string, never>;
  "person.joined": { name: string; role: Role; colour: number; invite: string };
  "person.removed": { person: string };
  "invite.revoked": { invite: string };
  /** `again`: the seat that the same page had before; `away` and `pending` as with `seat.back`. */
  "seat.opened": { seat: string; dialect: Dialect; again?: string; away?: number; pending?: number };
  /** The connection dropped or fell silent, `silent` µs after it was last heard; its seat is kept for a while. */
  "seat.lost": { seat: string; code: number; silent?: number };
  /** `away` in µs since it was last heard; `pending`: how many operations it holds that the room has not. */
  "seat.back": { seat: string; away: number; pending: number };
  /** So many edits that were made while away are in the log now. */
  "seat.merged": { seat: string; edits: number };
  "seat.closed": { seat: string; code: number };
  client: { client: number };
  /** `time`: when it was typed, in ms, where it was sent later; `relayed`: it holds others' work too. */
  edit: { update: Uint8Array; time?: number; relayed?: boolean };
  cursor: { client: number; file: string; anchor: number; head: number };
  chat: { text: string };
  "file.created": { file: string; path: string };
  "file.renamed": { file: string; path: string };
  "file.deleted": { file: string };
  "run.queued": RunAsked;
  /** `limit`: seconds after which the run is stopped. */
  "run.started": { run: string; code: string; limit?: number };
  "run.input_asked": { run: string; prompt: string; password: boolean };
  "run.input": { run: string; text?: string };
  "run.outputs": { run: string; n: number; items: OutputItem[] };
  /** `duration` in µs; `dropped` in bytes; `stop`: how far an interrupt had to go. */
  "run.finished": {
    run: string;
    status: RunEnd;
    duration: number;
    count?: number;
    dropped?: number;
    stop?: StopMeans;
  };
  kernel: { state: KernelPhase; detail?: string };
  "kernel.interrupted": Record<string, never>;
  "kernel.restarted": Record<string, never>;
  /** Sizes in bytes; `more` files at least are there besides. */
  "kernel.files": { files: { path: string; size: number }[]; more: number };
  "data.added": { path: string; size: number; sha256: string };
  "data.removed": { path: string };
  /** What everybody may know of a question; `sqlite` and `examples` are paths of data files. */
  "question.offered": QuestionOffered;
  "tests.queued": { judgement: string; question: string };
  "tests.started": { judgement: string; visibility: Visibility; unisolated: boolean };
  /** One test; a message only where the visibility is `messages`, and none of these where it is `counts`. */
  "tests.result": Outcome & { total: number; message?: string };
  "tests.cancelled": { judgement: string };
  /** `duration` in µs; `detail` are words for everybody. */
  "tests.finished": TestCounts & {
    judgement: string;
    status: TestsEnd;
    total: number;
    duration: number;
    detail?: string;
  };
  /** A question's service beside the kernel; `none`: nobody wants it any more. */
  service: { port: number; state: ServiceState; detail?: string };
}

/** Bodies of the stream `interviewers`; `after` is the room's seq at their moment. */
export interface PrivateBodies {
  "question.kept": { question: string; whole: CborMap; after: number };
  "tests.record": Outcome & { message: string; printed: string; after: number };
  "tests.detail": { judgement: string; text: string; after: number };
  /** Why a service failed, or a request to it. */
  "service.detail": { port: number; text: string; after: number };
}

export type Visibility = "counts" | "names" | "messages";
export type TestOutcome = "passed" | "failed" | "error" | "skipped";
export type ServiceState = "running" | "failed" | "none";
export type TestsEnd = "ok" | "timeout" | "cancelled" | "error";

export interface QuestionOffered {
  question: string;
  title: string;
  service?: { port: number };
  sqlite?: string[];
  tests?: { visibility: Visibility; run_by: "interviewer" | "candidate"; examples: string[] };
}

export interface TestCounts {
  passed: number;
  failed: number;
  errors: number;
  skipped: number;
}

/** What came of one test; `duration` in µs. */
export interface Outcome {
  judgement: string;
  n: number;
  name: string;
  outcome: TestOutcome;
  duration: number;
}

export type Kind = keyof Bodies;

/** One entry of the log, its body decoded; `at` in µs of the log's clock, never going back. */
export interface Entry {
  stream: string;
  seq: number;
  at: number;
  actor: string;
  kind: string;
  body: CborMap;
}

/** An entry whose kind this version knows, so that its body has a shape. */
export type KnownEntry = {
  [K in Kind]: Omit<Entry, "kind" | "body"> & { kind: K; body: Bodies[K] };
}[Kind];

const KINDS: ReadonlySet<string> = new Set<Kind>([
  "room.created",
  "room.ended",
  "person.joined",
  "person.removed",
  "invite.revoked",
  "seat.opened",
  "seat.lost",
  "seat.back",
  "seat.merged",
  "seat.closed",
  "client",
  "edit",
  "cursor",
  "chat",
  "file.created",
  "file.renamed",
  "file.deleted",
  "run.queued",
  "run.started",
  "run.input_asked",
  "run.input",
  "run.outputs",
  "run.finished",
  "kernel",
  "kernel.interrupted",
  "kernel.restarted",
  "kernel.files",
  "data.added",
  "data.removed",
  "question.offered",
  "tests.queued",
  "tests.started",
  "tests.result",
  "tests.cancelled",
  "tests.finished",
  "service",
]);

/** True for kinds of this version; the server vouches for the body's shape. */
export function isKnown(entry: Entry): entry is Entry & KnownEntry {
  return KINDS.has(entry.kind);
}

/** An entry of the stream `interviewers`, as far as this version knows it. */
export type PrivateEntry = {
  [K in keyof PrivateBodies]: Omit<Entry, "kind" | "body"> & { kind: K; body: PrivateBodies[K] };
}[keyof PrivateBodies];

const PRIVATE: ReadonlySet<string> = new Set<keyof PrivateBodies>([
  "question.kept",
  "tests.record",
  "tests.detail",
  "service.detail",
]);

/** The same for the stream of interviewers. */
export function isPrivate(entry: Entry): entry is Entry & PrivateEntry {
  return entry.stream === "interviewers" && PRIVATE.has(entry.kind);
}

/** The bodies of the operations that a client asks for (frame OP). */
export interface Ops {
  edit: { update: Uint8Array; time?: number };
  /** What the log has lost, after a change of incarnation; others' work may be in it. */
  relay: { update: Uint8Array };
  chat: { text: string };
  "file.create": { path: string };
  "file.rename": { file: string; path: string };
  "file.delete": { file: string };
  run: RunAsked;
  "run.cancel": { run: string };
  interrupt: Record<string, never>;
  restart: Record<string, never>;
  input: { run: string; text: string };
  end: Record<string, never>;
  remove: { person: string };
  revoke: { invite: string };
}

export type OpKind = keyof Ops;
