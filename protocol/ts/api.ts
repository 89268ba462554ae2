// The JSON of the HTTP contract: what each call takes and answers.

import type { KernelPhase, RunEnd, TestCounts, TestOutcome, TestsEnd, Visibility } from "./entries";
import type { Output } from "./outputs";
import type { Role } from "./roles";

export interface Links {
  interviewer: string;
  candidate: string;
  observer: string;
}

export interface CreateRoom {
  title: string;
  questions?: unknown[];
  plan?: unknown;
  settings?: Record<string, unknown>;
}

export interface CreatedRoom {
  id: string;
  links: Links;
}

/** What an invite leads to, before anybody joins; `people` are those who are there now. */
export interface Invitation {
  room: string;
  title: string;
  role: Role;
  ended: boolean;
  people: { name: string; role: Role }[];
}

export interface JoinRequest {
  invite: string;
  name: string;
  resume?: string;
}

export interface Joined {
  room: string;
  role: Role;
  participant: string;
  token: string;
  /** Seconds. */
  expires_in: number;
  resume: string;
}

export interface FreshToken {
  token: string;
  expires_in: number;
}

/** `since` in µs: online or away since then. */
export interface ParticipantInfo {
  id: string;
  name: string;
  role: Role;
  colour: number;
  online: boolean;
  since: number;
}

/** Something that rooms may run on; `name` is the setting `environment`, `title` says what it is. */
export interface EnvironmentInfo {
  name: string;
  title: string;
}

/** `reason` says why code cannot run here, if it cannot. */
export interface KernelInfo {
  state: KernelPhase;
  environment: string;
  detail?: string | null;
  available: boolean;
  reason?: string | null;
}

/** A room as its participants may see it; times in µs. */
export interface RoomInfo {
  id: string;
  title: string;
  lineage: string;
  created_at: number;
  ended: boolean;
  ended_at: number | null;
  role: Role;
  participant: string;
  participants: ParticipantInfo[];
  files: { file: string; path: string }[];
  kernel: KernelInfo;
  head_seq: number;
  head_hash: string;
}

/** One row of the host's list; times in µs. */
export interface RoomSummary {
  id: string;
  title: string;
  created_at: number;
  ended_at: number | null;
  people_online: number;
  participants: { name: string; role: Role }[];
  last_at: number;
  head_seq: number;
  links?: Links;
}

export interface RunRequest {
  file?: string;
  code?: string;
  id?: string;
}

export interface RunInfo {
  run: string;
  status: "queued" | "running" | RunEnd;
  outputs: Output[];
  execution_count: number | null;
  duration_ms: number | null;
  dropped: number;
}

/** An entry as JSON: bytes in the body stand as base64. */
export interface EntryRow {
  stream: string;
  seq: number;
  at: number;
  actor: string;
  kind: string;
  body: Record<string, unknown>;
}

export interface TimelinePage {
  entries: EntryRow[];
  /** The stream's last seq at the time of asking. */
  head: number;
}

/** RFC 9457: the body of every error. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
}

/** One test of a judgement; `printed` is there for interviewers alone. */
export interface TestRow {
  n: number;
  name: string;
  outcome: TestOutcome;
  duration_ms: number;
  message?: string;
  printed?: string;
}

/** What came of hidden tests, as one's role may see it; the counts are there at the end. */
export interface JudgementInfo extends Partial<TestCounts> {
  judgement: string;
  question: string;
  by: string;
  status: TestsEnd | "queued" | "running";
  visibility: Visibility;
  total: number;
  results: TestRow[];
  duration_ms?: number;
  unisolated?: boolean;
  detail?: string;
  notes?: string[];
}
