// One person's end of a room, as the panes see it: the document, the state, the link, and what one can ask for.

import type { Awareness } from "y-protocols/awareness";
import type * as Y from "yjs";
import { PASTE } from "../../../protocol/ts/limits";
import { allows, type Role } from "../../../protocol/ts/roles";
import type { Change } from "./audience";
import { type Clock, systemClock } from "./clock";
import type { Source } from "./earlier";
import { newId } from "./ids";
import type { Storage } from "./keeping";
import { LiveRoom } from "./live";
import type { Notice } from "./notice";
import type { Op } from "./outbox";
import type { PrivateState } from "./private";
import type { Recovered } from "./recovered";
import type { OpResult } from "./requests";
import { openByRoute } from "./route";
import type { RoomState } from "./state";
import { type Link, type Status, statusOf } from "./status";
import type { SocketFactory } from "./transport";
import type { Wake } from "./wake";

export type { Change } from "./audience";
export type { Notice } from "./notice";
export type { Recovered } from "./recovered";
export type { OpResult } from "./requests";
export type { Link, LinkPhase, Status } from "./status";

/** UTF-8 bytes of text that an editor may put in at once; larger pastes it refuses before they enter the document. */
export const MAX_EDIT = PASTE;

export interface RoomClientOptions {
  /** `wss://host/yjs/{room}` */
  url: string;
  token: string;
  person: string;
  role: Role;
  /** Asked for when the token has expired while away: join again with invite and resume, answer the fresh token. */
  renewToken?: () => Promise<string>;
  /** Where what is not settled outlives this page, under the room's id; without it all lives as long as the page. */
  keep?: { room: string; storage: Storage };
  clock?: Clock;
  random?: () => number;
  openSocket?: SocketFactory;
}

/** A whole file, or code; with `file`, that code is a part of the file which begins at `firstLine`. */
export type RunRequest =
  | { file: string }
  | { code: string; file?: string; firstLine?: number }
  | { code: string; console: true };

export class RoomClient {
  readonly person: string;
  readonly role: Role;
  readonly #live: LiveRoom;
  readonly #clock: Clock;
  readonly #random: () => number;

  constructor(options: RoomClientOptions) {
    const { url, token, person, role, renewToken, keep } = options;
    const { clock = systemClock, random = Math.random, openSocket = openByRoute() } = options;
    this.person = person;
    this.role = role;
    this.#clock = clock;
    this.#random = random;
    const { room = "", storage = null } = keep ?? {};
    this.#live = new LiveRoom({
      ...{ url, token, person, role, renewToken },
      ...{ clock, random, openSocket, room, storage },
    });
  }

  get doc(): Y.Doc {
    return this.#live.document.doc;
  }

  get awareness(): Awareness {
    return this.#live.document.awareness;
  }

  get state(): RoomState {
    return this.#live.state;
  }

  /** What interviewers alone are told; empty for everybody else. */
  get private(): PrivateState {
    return this.#live.private;
  }

  get link(): Link {
    return this.#live.link;
  }

  get status(): Status {
    const { link, state, wasLive } = this.#live;
    return statusOf(link, { ended: state.endedAt !== null, wasLive });
  }

  /** The present token, renewed in band; for HTTP calls. */
  get token(): string {
    return this.#live.token;
  }

  get recovered(): Recovered | null {
    return this.#live.copies.held;
  }

  /** May this person type now? Yes while offline too; not observers, nor where nothing could be kept. */
  get writable(): boolean {
    const { wasLive, state, link, session } = this.#live;
    const open = wasLive && state.endedAt === null && link.phase !== "closed";
    return open && allows(this.role, "edit") && !session.exchange.full;
  }

  /** Now on the room's clock, in µs. */
  now(): number {
    return Math.round((this.#clock.now() + this.#live.session.offset) * 1000);
  }

  text(file: string): Y.Text {
    return this.#live.document.text(file);
  }

  /** Called after each change, once for all that belongs together. */
  subscribe(listener: (change: Change) => void): () => void {
    return this.#live.audience.subscribe(listener);
  }

  /** What the user should be told; refusals of the calls below come by their promises alone. */
  onNotice(listener: (notice: Notice) => void): () => void {
    return this.#live.audience.onNotice(listener);
  }

  start(): void {
    this.#live.start();
  }

  /** For good: a stopped client does not start again. */
  stop(): void {
    this.#live.stop();
  }

  /** All that would be lost with this page is on this device as well. */
  get kept(): boolean {
    return this.#live.kept;
  }

  retryNow(): void {
    this.#live.tell({ type: "retry" });
  }

  /** What the browser noticed; wake.ts listens for it. */
  wake(event: Wake): void {
    if (event === "hidden") this.#live.flush();
    else if (event === "leaving") this.#live.leave();
    else
      this.#live.tell(
        event === "visible" ? { type: "wake" } : { type: "network", online: event === "online" },
      );
  }

  dismissRecovered(): void {
    this.#live.dismissRecovered();
  }

  /** Absolute UTF-16 offsets; null when no editor has the focus. */
  setCursor(file: string | null, anchor = 0, head = anchor): void {
    this.awareness.setLocalStateField("at", file === null ? null : { file, anchor, head });
  }

  chat(text: string): Promise<OpResult> {
    return this.#live.ask({ kind: "chat", body: { text } });
  }

  createFile(path: string): Promise<OpResult> {
    return this.#live.ask({ kind: "file.create", body: { path } });
  }

  renameFile(file: string, path: string): Promise<OpResult> {
    return this.#live.ask({ kind: "file.rename", body: { file, path } });
  }

  deleteFile(file: string): Promise<OpResult> {
    return this.#live.ask({ kind: "file.delete", body: { file } });
  }

  async run(what: RunRequest): Promise<OpResult & { run: string }> {
    const run = newId(this.#random);
    const result = await this.#live.ask({ kind: "run", body: runBody(run, what) });
    return { ...result, run };
  }

  /** Takes back a run that waits: one's own, or as interviewer anybody's. */
  cancelRun(run: string): Promise<OpResult> {
    return this.#live.ask({ kind: "run.cancel", body: { run } });
  }

  interrupt(): Promise<OpResult> {
    return this.#live.ask({ kind: "interrupt", body: {} });
  }

  restart(): Promise<OpResult> {
    return this.#live.ask({ kind: "restart", body: {} });
  }

  answer(run: string, text: string): Promise<OpResult> {
    return this.#live.ask({ kind: "input", body: { run, text } });
  }

  /** Shows what was left out of a run when this page came; rejects with an ApiError where it cannot be read. */
  showOutputs(source: Source, room: string, run: string): Promise<void> {
    return this.#live.showOutputs(source, room, run);
  }

  end(): Promise<OpResult> {
    return this.#live.ask({ kind: "end", body: {} });
  }

  remove(person: string): Promise<OpResult> {
    return this.#live.ask({ kind: "remove", body: { person } });
  }

  revoke(invite: string): Promise<OpResult> {
    return this.#live.ask({ kind: "revoke", body: { invite } });
  }
}

function runBody(run: string, what: RunRequest): Extract<Op, { kind: "run" }>["body"] {
  if (!("code" in what)) return { run, file: what.file };
  if ("console" in what) return { run, code: what.code, console: true };
  const body: Extract<Op, { kind: "run" }>["body"] = { run, code: what.code };
  if (what.file !== undefined) body.file = what.file;
  if (what.firstLine !== undefined) body.first_line = what.firstLine;
  return body;
}
