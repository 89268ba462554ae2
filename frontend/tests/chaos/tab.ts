// One tab of a person for the chaos campaign: a real client that does what it is told, and says what it claims.

import { isDeepStrictEqual } from "node:util";
import * as Y from "yjs";
import type { Entry } from "../../../protocol/ts/entries";
import type { Role } from "../../../protocol/ts/roles";
import { loadTimeline } from "../../src/replay/loader";
import { Api } from "../../src/room/api";
import { applyAll } from "../../src/room/apply";
import { type Change, RoomClient } from "../../src/room/client";
import { openHttpSocket } from "../../src/room/http-socket";
import { openByRoute, type Way } from "../../src/room/route";
import { EMPTY, type RoomState } from "../../src/room/state";
import { openWebSocket, type SocketFactory } from "../../src/room/transport";
import type { Wake } from "../../src/room/wake";
import { pick, seeded } from "../support/random";
import { openFolder } from "./folder-shelf";

export interface Wanted {
  /** Through the bad link. */
  url: string;
  base: string;
  /** Past it, for the checks afterwards. */
  direct: string;
  room: string;
  person: string;
  role: Role;
  token: string;
  invite: string;
  name: string;
  resume: string;
  seed: number;
  /** The folder of this person's device. */
  device: string;
  /** As a page chooses, or the backup transport alone. */
  way: "route" | "http";
}

const FILE = "main.py";
/** A story leaves recorded cursors out, and own edits are acked without an entry. */
const NOT_TOLD: ReadonlySet<string> = new Set(["seq", "at", "cursors"]);

export class Tab {
  readonly #wanted: Wanted;
  readonly #say: (event: object) => void;
  readonly #random: () => number;
  readonly #client: RoomClient;
  #typed = 0;
  #erased = 0;
  #phase = "";
  #status = "";
  #way: Way = "websocket";

  constructor(wanted: Wanted, say: (event: object) => void) {
    this.#wanted = wanted;
    this.#say = say;
    this.#random = seeded(wanted.seed);
    const { url, token, person, role } = wanted;
    const openSocket = this.#watchedWays();
    const renewToken = () => this.#joinAgain();
    const keep = { room: wanted.room, storage: openFolder(wanted.device) };
    this.#client = new RoomClient({ url, token, person, role, renewToken, openSocket, keep });
    this.#client.subscribe((change) => this.#changed(change));
    this.#client.onNotice((notice) => this.#tell("notice", { ...notice }));
    this.#client.start();
  }

  /** A word is a line; between lines is where the next may go, so that each stays whole and can be counted. */
  type({ word, letters }: { word: string; letters: boolean }): boolean {
    if (!this.#client.writable) return false;
    const text = this.#client.text(FILE);
    const borders = [0, ...[...text.toString().matchAll(/\n/g)].map(({ index }) => index + 1)];
    const at = pick(this.#random, borders);
    // Before it is done: who is killed in between has done it, and cannot say so.
    this.#tell("begins", { word });
    const pieces = letters ? [...`${word}\n`] : [`${word}\n`];
    let behind = at;
    for (const piece of pieces) {
      text.insert(behind, piece);
      behind += piece.length;
    }
    this.#client.setCursor(FILE, behind);
    this.#typed += 1;
    this.#tell("typed", { word });
    this.#mustNotBeSaved(word);
    return true;
  }

  /** Takes back one of this person's own words; says which. */
  erase({ own }: { own: string }): string | null {
    if (!this.#client.writable) return null;
    const text = this.#client.text(FILE);
    const words = text.toString().split("\n").slice(0, -1);
    // Not where half of another word stands before it.
    const whole = (word: string) => word.startsWith(own) && word.lastIndexOf("#") === 0;
    const theirs = words.flatMap((word, index) => (whole(word) ? [index] : []));
    if (theirs.length < 4) return null;
    const index = pick(this.#random, theirs);
    const word = words[index] ?? "";
    const at = words.slice(0, index).join("\n").length + (index > 0 ? 1 : 0);
    this.#tell("begins", { word });
    text.delete(at, word.length + 1);
    this.#client.setCursor(FILE, at);
    this.#erased += 1;
    this.#tell("erased", { word });
    this.#mustNotBeSaved(word);
    return word;
  }

  chat({ line }: { line: string }): void {
    this.#tell("said", { line });
    void this.#client.chat(line).then((result) => this.#tell("chatted", { line, ...result }));
  }

  run({ code }: { code: string }): void {
    void this.#client.run({ code }).then((result) => this.#tell("ran", { code, ...result }));
  }

  wake({ how }: { how: Wake }): void {
    this.#client.wake(how);
  }

  look(): object {
    const { awareness, doc, link, status } = this.#client;
    const others = [...awareness.getStates()].filter(([id]) => id !== doc.clientID);
    return {
      text: this.#text,
      status: status.kind,
      phase: link.phase,
      pending: link.pending,
      way: this.#way,
      id: doc.clientID,
      at: awareness.getLocalState()?.at ?? null,
      others: others.map(([id, state]) => ({ id, person: state.user?.id ?? null, at: state.at ?? null })),
    };
  }

  /** What the record, read anew by HTTP, says otherwise than this page shows; empty where they agree. */
  async differences(): Promise<string[]> {
    const { direct, room } = this.#wanted;
    const api = new Api({ base: direct, token: () => this.#client.token });
    const entries = await loadTimeline(api, room);
    const told = applyAll(EMPTY, entries);
    const shown = this.#client.state;
    const wrong = (Object.keys(told) as (keyof RoomState)[])
      .filter((key) => !NOT_TOLD.has(key) && !isDeepStrictEqual(told[key], shown[key]))
      .map((key) => `${key}: ${words(told[key])} in the record, ${words(shown[key])} here`);
    const text = textOf(entries);
    return text === this.#text ? wrong : [...wrong, `text: ${words(text)} in the record`];
  }

  stop(): void {
    this.#client.stop();
  }

  /** As a page chooses, or always one way; which one it goes now is told to who looks. */
  #watchedWays(): SocketFactory {
    const by = (way: Way, open: SocketFactory): SocketFactory => {
      return (...socket) => {
        this.#way = way;
        return open(...socket);
      };
    };
    const websocket = by("websocket", openWebSocket);
    const http = by("http", (...socket) => openHttpSocket(...socket));
    if (this.#wanted.way === "http") return http;
    const reachable = async () =>
      (await fetch(`${this.#wanted.base}/healthz`).catch(() => null))?.ok === true;
    return openByRoute({ websocket, http, reachable });
  }

  get #text(): string {
    return this.#client.text(FILE).toString();
  }

  #changed({ link }: Change): void {
    if (!link) return;
    const { phase } = this.#client.link;
    if (phase !== this.#phase) this.#tell("phase", { phase, code: this.#client.link.code });
    this.#phase = phase;
    const { kind } = this.#client.status;
    const done = { typed: this.#typed, erased: this.#erased };
    if (kind === "saved" && this.#status !== "saved") this.#tell("saved", done);
    this.#status = kind;
    const { kept, pending } = this.#client.link;
    if (kept && pending > 0) this.#tell("kept", done);
  }

  /** What was done this very moment can be in no log yet. */
  #mustNotBeSaved(word: string): void {
    const { kind } = this.#client.status;
    if (kind === "saved") this.#tell("broken", { words: `"saved" is shown right after ${word}` });
  }

  async #joinAgain(): Promise<string> {
    const { base, invite, name, resume } = this.#wanted;
    return (await new Api({ base }).join({ invite, name, resume })).token;
  }

  #tell(event: string, more: object): void {
    this.#say({ event, t: Date.now(), ...more });
  }
}

function textOf(entries: readonly Entry[]): string {
  const doc = new Y.Doc();
  for (const { kind, body } of entries) {
    if (kind === "edit" && body.update instanceof Uint8Array) Y.applyUpdate(doc, body.update);
  }
  return doc.getText(FILE).toString();
}

function words(value: unknown): string {
  const plain = (_: string, one: unknown) => (one instanceof Map ? [...one] : one);
  return JSON.stringify(value, plain)?.slice(0, 1_500) ?? "nothing";
}
