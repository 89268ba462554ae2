// The JSON of the HTTP contract: what each call takes and answers.

import type { Entry, KernelPhase, RunEnd } from "./entries";
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

export interface ParticipantInfo {
  id: string;
  name: string;
  role: Role;
  online: boolean;
}

export interface RoomInfo {
  id: string;
  title: string;
  ended: boolean;
  participants: ParticipantInfo[];
  files: { file: string; path: string }[];
  kernel: { state: KernelPhase; detail?: string };
  head: { seq: number; hash: string };
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

export interface TimelinePage {
  entries: Entry[];
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
