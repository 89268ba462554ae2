// Where session, socket, clock, document and state meet: carries out what the session wants and tells who listens.

import type { Entry } from "../../../protocol/ts/entries";
import { UPDATE } from "../../../protocol/ts/limits";
import { allows, type Role } from "../../../protocol/ts/roles";
import { Absence } from "./absence";
import { Alarm } from "./alarm";
import { applyAll } from "./apply";
import { Audience } from "./audience";
import type { Clock } from "./clock";
import { Copies, inWords } from "./copies";
import { RoomDocument } from "./document";
import { leaveOut, loadOutputs, type Source, withOutputs } from "./earlier";
import type { Effect, Event, Resynced } from "./events";
import { newId } from "./ids";
import { type Boarding, Keeping, type Storage } from "./keeping";
import { back, FULL, perhapsDone, RECOVERED, refusal, TOO_LARGE } from "./notice";
import type { Op } from "./outbox";
import { isLive } from "./phase";
import { applyPrivate, NOTHING_PRIVATE, type PrivateState } from "./private";
import { copyOf, lostOf, type RecoveredFile } from "./recovered";
import { renewed } from "./renewal";
import { type OpResult, obstacle, Requests } from "./requests";
import { Session } from "./session";
import { EMPTY, type RoomState } from "./state";
import { type Link, linkOf, sameLink } from "./status";
import { Succession } from "./succession";
import { type SocketFactory, Transport } from "./transport";

/** A page that is closed, as a browser says it of its WebSockets. */
const LEAVES = 1000;

export interface LiveOptions {
  url: string;
  token: string;
  person: string;
  role: Role;
  clock: Clock;
  random: () => number;
  openSocket: SocketFactory;
  renewToken: (() => Promise<string>) | undefined;
  room: string;
  /** Where what is not settled outlives this page. */
  storage: Storage | null;
}

export class LiveRoom {
  readonly session: Session;
  readonly document: RoomDocument;
  readonly copies: Copies;
  readonly audience = new Audience();
  state: RoomState = EMPTY;
  private: PrivateState = NOTHING_PRIVATE;
  link: Link;
  token: string;
  /** This page has shown the room. */
  wasLive = false;

  readonly #options: LiveOptions;
  readonly #transport: Transport;
  readonly #keeping: Keeping;
  readonly #succession: Succession;
  readonly #requests = new Requests();
  readonly #absence = new Absence();
  #presenceDue = false;
  #effects: Effect[] = [];
  #busy = false;
  readonly #alarm: Alarm;

  constructor(options: LiveOptions) {
    const { url, token, random, openSocket, renewToken, room, person, storage, clock } = options;
    this.#options = options;
    this.token = token;
    const canRenew = renewToken !== undefined;
    this.session = new Session({ newInstance: () => newId(random), token, random, canRenew });
    this.document = new RoomDocument({
      edited: (update) => this.#edited(update),
      moved: () => this.#moved(),
    });
    this.#transport = new Transport(url, openSocket, {
      opened: (generation) => this.tell({ type: "opened", generation, vector: this.document.vector() }),
      frame: (generation, frame) => this.tell({ type: "frame", generation, frame }),
      awareness: (generation, update) => {
        this.tell({ type: "heard", generation });
        this.document.applyPresence(update);
      },
      closed: (generation, code) => this.tell({ type: "closed", generation, code }),
    });
    this.#keeping = new Keeping(this.session.exchange.instance, {
      owner: { room, person },
      clock,
      storage,
      changed: () => this.#publish(),
      found: () => {
        this.#takeOver();
        this.#publish();
      },
    });
    this.copies = new Copies(this.#keeping.keeper);
    this.#succession = new Succession(this.session.exchange, this.#keeping, {
      put: (update) => this.#put([update]),
      submit: (op, madeAt) => {
        this.#absence.inherit(madeAt, this.#now());
        this.#submit(op, madeAt);
      },
      recover: (files) => this.#recover(files),
      uncertain: (ops) => this.audience.notify(ops.length > 0 ? perhapsDone(ops) : null),
    });
    this.#alarm = new Alarm(clock, () => this.tell({ type: "tick" }));
    this.link = this.#linkNow();
  }

  /** Everything that cannot be sent now is on this device, and outlives the page. */
  get kept(): boolean {
    return (this.link.kept || this.link.pending === 0) && this.#keeping.keeper.copyKept;
  }

  start(): void {
    const boarding = this.#keeping.board();
    if (boarding === null) this.tell({ type: "start" });
    else void boarding.then((found) => this.#board(found));
  }

  stop(): void {
    this.tell({ type: "stop" });
    this.#keeping.stop();
    this.document.destroy();
  }

  /** The page may be about to go: what is not written yet is written now. */
  flush(): void {
    this.#keeping.keeper.flush();
  }

  /** The page goes: over plain HTTP nobody else would say so for it. */
  leave(): void {
    this.flush();
    this.#transport.drop(LEAVES);
  }

  tell(event: Event): void {
    this.#perform(this.session.handle(event, this.#now()));
  }

  /** The answer comes when the log has it, or it was refused; it may be long in coming while the link is down. */
  ask(op: Op): Promise<OpResult> {
    const refused = obstacle(op, this.#options.role, this.session.phase);
    if (refused !== null) return Promise.resolve(refused);
    const answer = this.#requests.wait(op);
    this.#submit(op);
    return answer;
  }

  /** Shows what the story has left out of a run; rejects with an ApiError where it cannot be read. */
  async showOutputs(source: Source, room: string, run: string): Promise<void> {
    const entries = await loadOutputs(source, room, run, () => this.state);
    this.state = withOutputs(this.state, run, entries);
    this.audience.changed("state");
    this.#publish();
  }

  dismissRecovered(): void {
    this.copies.dismiss();
    this.audience.changed("state");
    this.#publish();
  }

  // --- local changes ---

  #edited(update: Uint8Array): void {
    const { exchange } = this.session;
    if (update.length > UPDATE) {
      this.audience.notify(TOO_LARGE);
      this.tell({ type: "spoilt" });
      return;
    }
    const wasFull = exchange.full;
    this.#submit({ kind: "edit", body: { update } });
    if (exchange.full && !wasFull) this.audience.notify(FULL);
  }

  /** The editor's cursor and our own come one after the other: they leave in one frame. */
  #moved(): void {
    if (this.#presenceDue || !allows(this.#options.role, "edit")) return;
    this.#presenceDue = true;
    queueMicrotask(() => {
      this.#presenceDue = false;
      if (isLive(this.session.phase)) this.#transport.sendRaw(this.document.presence());
    });
  }

  #submit(op: Op, madeAt?: number): void {
    this.#perform(this.session.submit(op, this.#now(), madeAt));
  }

  #board({ adopted, copy }: Boarding): void {
    if (copy !== null) {
      this.copies.held = copy;
      this.audience.changed("state");
    }
    const waits = adopted === null ? null : this.#succession.inherit(adopted, this.#now());
    if (waits !== null) this.#absence.begin(waits);
    this.tell({ type: "start" });
  }

  #takeOver(): void {
    if (this.wasLive && allows(this.#options.role, "edit")) this.#succession.takeOver(this.#now());
  }

  // --- what the session wants ---

  /** In order, also where carrying out one effect brings about another event. */
  #perform(effects: Effect[]): void {
    this.#effects.push(...effects);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#effects.shift(); next !== undefined; next = this.#effects.shift()) {
        this.#carryOut(next);
      }
    } finally {
      this.#busy = false;
    }
    this.#alarm.at(this.session.alarmAt);
    this.#publish();
  }

  #carryOut(effect: Effect): void {
    switch (effect.type) {
      case "connect":
        this.#transport.connect(effect.generation, effect.token);
        break;
      case "send":
        this.#transport.send(effect.frame);
        break;
      case "drop":
        this.#transport.drop(effect.code);
        break;
      case "entries":
        this.#entries(effect.entries);
        break;
      case "resynced":
        this.#resynced(effect);
        break;
      case "added":
        this.#keeping.keeper.add(effect.op, { live: isLive(this.session.phase) });
        break;
      case "settled":
        this.#keeping.keeper.remove(effect.ops);
        for (const { op } of effect.ops) this.#requests.answer(op, { ok: true });
        break;
      case "refused":
        this.#keeping.keeper.remove([effect.op]);
        this.#requests.answer(effect.op.op, { ok: false, code: effect.code, message: effect.message });
        this.audience.notify(refusal(effect.op, effect.code, effect.message));
        break;
      case "live":
        this.#live(effect.waited);
        break;
      case "lost":
        this.#absence.begin(this.#now());
        this.#keeping.keeper.flush();
        this.document.forgetOthers();
        break;
      case "closed":
        this.#requests.close();
        break;
      case "renamed":
        this.#keeping.rename(effect.instance);
        break;
      case "renew":
        void this.#renew();
        break;
      case "token":
        this.token = effect.token;
    }
  }

  #entries(entries: Entry[]): void {
    this.state = applyAll(this.state, entries);
    this.private = applyPrivate(this.private, entries);
    this.audience.changed("state");
    this.#put(entries.flatMap(updateOf));
  }

  #resynced({ entries, leftOut, updates, seq, reset, unsent, dropped, lacks }: Resynced): void {
    const textOf = (file: string) => this.document.text(file).toString();
    const copies = reset && unsent ? copyOf(this.state.files, textOf) : [];
    if (reset) {
      this.document.replace();
      this.audience.changed("doc");
    }
    const state = leaveOut(applyAll(EMPTY, entries), leftOut, this.state);
    this.state = { ...state, seq: Math.max(seq, state.seq) };
    this.private = applyPrivate(NOTHING_PRIVATE, entries);
    this.audience.changed("state");
    this.#put([...updates, ...this.session.exchange.inherited]);
    const files = lostOf(copies, textOf);
    // Our old document need not have shown what an earlier page made.
    const shown = (text: string) => files.some((file) => file.text.includes(text));
    const inherited = inWords(dropped.filter((one) => one.inherited)).filter(({ text }) => !shown(text));
    this.#recover([...files, ...inherited]);
    this.#keeping.keeper.remove(dropped);
    this.#keeping.keeper.forgetOld();
    if (lacks !== undefined) this.tell({ type: "lacking", update: this.document.since(lacks) });
  }

  #recover(files: readonly RecoveredFile[]): void {
    if (!this.copies.add(files, this.#now())) return;
    this.audience.changed("state");
    this.audience.notify(RECOVERED);
  }

  /** An update that our document cannot take is no reason to lose the page: it takes the room's document anew. */
  #put(updates: Uint8Array[]): void {
    try {
      this.document.apply(updates);
    } catch {
      this.tell({ type: "spoilt" });
    }
  }

  #live(waited: number): void {
    this.#absence.back(waited, this.#now());
    this.wasLive = true;
    const { lineage } = this.session.exchange;
    if (lineage !== undefined) this.#keeping.keeper.lineage = lineage;
    this.document.refreshPresence();
    this.#takeOver();
  }

  async #renew(): Promise<void> {
    const { person, renewToken, clock } = this.#options;
    const join = async () => (await renewToken?.()) ?? this.token;
    const removed = this.state.people.get(person)?.removed ?? false;
    const told = await renewed(join, { clock, removed });
    if (told.type === "token") this.token = told.token;
    this.tell(told);
  }

  // --- telling ---

  #now(): number {
    return this.#options.clock.now();
  }

  #publish(): void {
    this.#keeping.tidy();
    const link = this.#linkNow();
    if (!sameLink(link, this.link)) this.audience.changed("link");
    this.link = link;
    if (isLive(this.session.phase) && link.pending === 0) this.#tellBack();
    this.audience.publish();
  }

  #linkNow(): Link {
    const { waiting, keeper } = this.#keeping;
    return linkOf(this.session, { elsewhere: waiting, kept: keeper.kept });
  }

  #tellBack(): void {
    const sent = this.#absence.end();
    if (sent > 0) this.audience.notify(back(sent));
  }
}

function updateOf({ stream, kind, body }: Entry): Uint8Array[] {
  return stream === "room" && kind === "edit" && body.update instanceof Uint8Array ? [body.update] : [];
}
