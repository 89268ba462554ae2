// One person's end of a room: session, socket, document and state tied together behind one object for the panes.

import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import type { Role } from "../../../protocol/ts/roles";
import type { RoomState } from "./state";

export type LinkPhase = "connecting" | "syncing" | "live" | "backoff" | "offline" | "closed";

/** The link to the room as it truly is; times in ms of the client's clock. */
export interface Link {
  phase: LinkPhase;
  /** Changes made here that the log does not hold yet. */
  pending: number;
  /** When this phase began. */
  since: number;
  /** When the next attempt starts, in `backoff`. */
  retryAt: number | null;
  /** The last close code, and what it means in the user's words. */
  code: number | null;
  reason: string;
}

/** What the status line says; `saved` only when live with nothing pending. */
export type Status =
  | { kind: "connecting"; pending: number }
  | { kind: "saved" }
  | { kind: "saving"; pending: number }
  | { kind: "offline"; pending: number; retryAt: number | null }
  | { kind: "not-recorded"; pending: number; retryAt: number | null }
  | { kind: "ended"; pending: number }
  | { kind: "closed"; pending: number; code: number; reason: string };

/** Something the user should be told, in plain words. */
export interface Notice {
  tone: "info" | "warning";
  code: string;
  text: string;
}

/** Text that was typed here but cannot be sent any more, because the room's documents were made anew. */
export interface Recovered {
  at: number;
  files: readonly { path: string; text: string }[];
}

export type OpResult = { ok: true } | { ok: false; code: string; message: string };

/** What changed since the last call; `doc` means that `doc` and `awareness` are new objects: bind editors again. */
export interface Change {
  state: boolean;
  link: boolean;
  doc: boolean;
}

/** Bytes of one edit that the server takes; an editor refuses larger pastes before they enter the document. */
export const MAX_EDIT = 256 * 1024;

export interface RoomClientOptions {
  /** `wss://host/yjs/{room}` */
  url: string;
  token: string;
  person: string;
  role: Role;
  /** Asked for when the token has expired while away: join again with invite and resume, answer a fresh token. */
  renewToken?: () => Promise<string>;
}

export declare class RoomClient {
  constructor(options: RoomClientOptions);
  readonly person: string;
  readonly role: Role;
  /** The present token: renewed in band. For HTTP calls. */
  readonly token: string;
  readonly doc: Y.Doc;
  readonly awareness: Awareness;
  readonly state: RoomState;
  readonly link: Link;
  readonly status: Status;
  /** May this person type now? False for observers, ended rooms, closed links. */
  readonly writable: boolean;
  readonly recovered: Recovered | null;
  /** Now on the room's clock, in µs. */
  now(): number;
  text(file: string): Y.Text;
  subscribe(listener: (change: Change) => void): () => void;
  onNotice(listener: (notice: Notice) => void): () => void;
  start(): void;
  stop(): void;
  retryNow(): void;
  dismissRecovered(): void;
  /** Absolute UTF-16 offsets; null when no editor has the focus. */
  setCursor(file: string | null, anchor?: number, head?: number): void;
  chat(text: string): Promise<OpResult>;
  createFile(path: string): Promise<OpResult>;
  renameFile(file: string, path: string): Promise<OpResult>;
  deleteFile(file: string): Promise<OpResult>;
  /** The whole file, or given text with the line where it begins. */
  run(
    what: { file: string } | { code: string; file?: string; firstLine?: number },
  ): Promise<OpResult & { run: string }>;
  interrupt(): Promise<OpResult>;
  restart(): Promise<OpResult>;
  answer(run: string, text: string): Promise<OpResult>;
  end(): Promise<OpResult>;
  remove(person: string): Promise<OpResult>;
  revoke(invite: string): Promise<OpResult>;
}
