// The link as a pure state machine: events in, effects out; sockets, timers and the document live elsewhere.

import type { ClientFrame, ServerFrame, Welcome } from "../../../protocol/ts/envelope";
import { BAD_TOKEN, meaningOf } from "./closes";
import type { Effect, Event } from "./events";
import { Exchange } from "./exchange";
import { Heartbeat } from "./heartbeat";
import type { Op } from "./outbox";
import { alarmOf, isLive, isOpen, isWaiting, type Live, type Open, type Phase } from "./phase";
import { Renewing } from "./renewing";
import { RoomClock } from "./room-clock";
import { Timetable } from "./timetable";

export interface SessionOptions {
  /** Makes a name, 16 characters or more, that no other page has. */
  newInstance: () => string;
  token: string;
  random: () => number;
  /** Without it an expired token is the end. */
  canRenew: boolean;
}

/** From HELLO to WELCOME: the server may have to load the room first. */
const AUTH_MS = 15_000;
/** With the interval of the heartbeat before it, 30 s: one image may take so long on a slow link. */
const SYNC_PATIENCE_MS = 25_000;
/** With that interval, 15 s. */
const PATIENCE_MS = 10_000;
const MOST_PATIENCE = 8;
/** A link that lived this long was a good one: the next loss starts with a short wait again. */
const STEADY_MS = 5_000;
/** A timer that rings so late was asleep with its machine, or its page was. */
const SLEPT_MS = 2_000;
const GIVEN_UP = 4000;
const NORMAL = 1000;

export class Session {
  phase: Phase = { name: "idle" };
  since = 0;
  /** The last close code, and why the link is not live. */
  code: number | null = null;
  reason = "";
  readonly exchange: Exchange;

  readonly #canRenew: boolean;
  readonly #timetable: Timetable;
  readonly #clock = new RoomClock();
  readonly #renewing = new Renewing();
  #token: string;
  #generation = 0;
  /** Twice after each link that was given up as silent, until a pong comes: a large image on a slow link is silence. */
  #patience = 1;
  #effects: Effect[] = [];

  constructor({ newInstance, token, random, canRenew }: SessionOptions) {
    this.exchange = new Exchange(newInstance, (effect) => this.#do(effect));
    this.#token = token;
    this.#canRenew = canRenew;
    this.#timetable = new Timetable(random);
  }

  /** ms to add to the client's clock for the room's. */
  get offset(): number {
    return this.#clock.offset;
  }

  /** When `tick` is wanted next, in ms; null for never. */
  get alarmAt(): number | null {
    return alarmOf(this.phase, this.#renewing.at);
  }

  /** Takes an operation of the user; it leaves at once when live, else when the link is back. */
  submit(op: Op, now: number, madeAt = now): Effect[] {
    this.#effects = [];
    this.exchange.add(op, madeAt);
    this.#busy(now);
    if (isLive(this.phase)) this.exchange.pump(now, this.offset);
    return this.#effects;
  }

  handle(event: Event, now: number): Effect[] {
    this.#effects = [];
    const stale = "generation" in event && event.generation !== this.#generation;
    if (!stale && this.phase.name !== "closed") this.#on(event, now);
    return this.#effects;
  }

  #on(event: Event, now: number): void {
    switch (event.type) {
      case "start":
        if (this.phase.name === "idle") this.#connect(now);
        break;
      case "stop":
        this.#do({ type: "drop", code: NORMAL });
        this.#close(NORMAL, "", now);
        break;
      case "tick":
        this.#tick(now);
        break;
      case "retry":
        this.#timetable.overrule();
        if (this.phase.name === "connecting") this.#again(now);
        else this.#hurry(now);
        break;
      case "wake":
        this.#hurry(now);
        break;
      case "network":
        this.#network(event.online, now);
        break;
      case "opened":
        this.#opened(event.vector, now);
        break;
      case "heard":
        this.#heard(now);
        break;
      case "frame":
        this.#heard(now);
        if (event.frame.type !== "ping" && event.frame.type !== "pong") this.#busy(now);
        this.#frame(event.frame, now);
        break;
      case "closed":
        this.#closed(event.code, now);
        break;
      case "token":
        this.#token = event.token;
        if (this.phase.name === "backoff") this.#connect(now);
        break;
      case "no-token":
        if (event.final) this.#close(BAD_TOKEN, event.reason, now);
        else if (this.phase.name === "backoff") this.#wait(now);
        break;
      case "lacking":
        if (this.phase.name !== "syncing") break;
        if (this.exchange.giveBack(event.update, now)) this.#live(now);
        else this.#spoilt(now);
        break;
      case "spoilt":
        this.#spoilt(now);
    }
  }

  // --- attempts ---

  #connect(now: number): void {
    this.#generation += 1;
    this.#enter({ name: "connecting", deadline: this.#timetable.begin(now) }, now);
    this.#do({ type: "connect", generation: this.#generation, token: this.#token });
  }

  #opened(vector: Uint8Array, now: number): void {
    this.#timetable.opened();
    const deadline = now + AUTH_MS * this.#patience;
    this.#enter({ name: "authenticating", deadline, heartbeat: this.#heartbeat(now, PATIENCE_MS) }, now);
    this.#send(this.exchange.hello(vector));
  }

  /** The other side closed, or the network did. */
  #closed(code: number, now: number): void {
    const { action, reason } = meaningOf(code);
    this.#leave(now);
    this.code = code;
    this.reason = reason;
    if (action === "resync") this.exchange.resyncNext();
    if (action === "renew" && this.#canRenew) this.#renew(now);
    else if (action === "retry" || action === "resync") this.#wait(now);
    else if (action === "rebuild" && this.exchange.rebuildNext()) this.#wait(now);
    else this.#close(code, reason, now);
  }

  #renew(now: number): void {
    this.#enter({ name: "backoff", retryAt: null }, now);
    this.#do({ type: "renew" });
  }

  #wait(now: number): void {
    this.#enter(this.#timetable.wait(now), now);
  }

  /** Gives the socket up from this side. */
  #abandon(reason: string, now: number, code = GIVEN_UP): void {
    this.#do({ type: "drop", code });
    this.#leave(now);
    this.code = null;
    this.reason = reason;
    this.#wait(now);
  }

  #close(code: number, reason: string, now: number): void {
    this.#leave(now);
    this.code = code;
    this.reason = reason;
    this.#enter({ name: "closed", code }, now);
    this.#do({ type: "closed" });
  }

  /** From here on nothing of the present socket counts. */
  #leave(now: number): void {
    this.#generation += 1;
    if (isLive(this.phase)) this.#do({ type: "lost" });
    this.#enter({ name: "idle" }, now);
  }

  #hurry(now: number): void {
    const { phase } = this;
    if (isLive(phase)) {
      phase.heartbeat.probe(now);
      this.#ping(now);
    } else if (isWaiting(phase) && this.#timetable.mayHurry(now)) {
      this.#timetable.reset();
      this.#connect(now);
    }
  }

  #again(now: number): void {
    this.#do({ type: "drop", code: GIVEN_UP });
    this.#connect(now);
  }

  #network(online: boolean, now: number): void {
    this.#timetable.online = online;
    // The present attempt began over a network that is gone.
    if (online && this.phase.name === "connecting") this.#again(now);
    else if (online || isLive(this.phase)) this.#hurry(now);
    else if (isWaiting(this.phase)) this.#wait(now);
  }

  #spoilt(now: number): void {
    this.exchange.rebuildNext();
    // The page comes back under another name: nobody is to keep the seat of this one.
    if (isOpen(this.phase)) this.#abandon("Taking the room's document anew.", now, NORMAL);
  }

  #hole(now: number): void {
    const { instance } = this.exchange;
    this.exchange.resyncNext();
    const code = instance === this.exchange.instance ? GIVEN_UP : NORMAL;
    this.#abandon("Something was lost on the way; reading the room anew.", now, code);
  }

  // --- time ---

  #tick(now: number): void {
    const { phase, alarmAt } = this;
    if (alarmAt === null || now < alarmAt) return;
    if (now - alarmAt >= SLEPT_MS) this.#timetable.reset();
    if (isOpen(phase)) this.#beat(phase, now, now - alarmAt >= SLEPT_MS);
    else if (isWaiting(phase)) this.#connect(now);
    else this.#hangs(now);
  }

  #hangs(now: number): void {
    this.#timetable.hung();
    this.#abandon("The server does not answer.", now);
  }

  #beat(phase: Open, now: number, slept: boolean): void {
    const { heartbeat } = phase;
    if (slept && heartbeat.wake(now)) {
      this.#ping(now);
    } else if (heartbeat.dead(now)) {
      this.#silent(now);
      return;
    } else if (phase.name === "authenticating" && now >= phase.deadline) {
      this.#silent(now);
      return;
    } else if (heartbeat.due(now)) {
      this.#ping(now);
    }
    if (isLive(phase)) this.#keep(phase, now);
  }

  /** Given up; what is slow is given more time at the next attempt. */
  #silent(now: number): void {
    this.#patience = Math.min(MOST_PATIENCE, this.#patience * 2);
    this.#abandon(isLive(this.phase) ? "The link dropped." : "The server does not answer.", now);
  }

  /** What a live link does beside its heartbeat. */
  #keep(phase: Live, now: number): void {
    if (now >= phase.steadyAt) {
      this.#timetable.reset();
      phase.steadyAt = Number.POSITIVE_INFINITY;
    }
    if (this.#renewing.due(now)) this.#send({ type: "renew" });
    if (phase.name === "live" && now >= phase.heartbeat.suspectAt) {
      this.#enter({ ...phase, name: "suspect" }, now);
    }
  }

  #heartbeat(now: number, patience: number): Heartbeat {
    return new Heartbeat(now, patience * this.#patience);
  }

  #ping(now: number): void {
    this.#send({ type: "ping", t: Math.round(now) });
  }

  #heard(now: number): void {
    const { phase } = this;
    if (isOpen(phase)) phase.heartbeat.heard(now);
    if (phase.name === "suspect") this.#enter({ ...phase, name: "live" }, now);
  }

  #busy(now: number): void {
    if (isOpen(this.phase)) this.phase.heartbeat.busy(now);
  }

  // --- frames ---

  #frame(frame: ServerFrame, now: number): void {
    const { exchange } = this;
    switch (frame.type) {
      case "welcome":
        // In the midst of a live link too: it was so slow that it is told the room in one piece.
        if (isOpen(this.phase)) this.#welcome(frame, now);
        break;
      case "entries":
        if (!exchange.entries(frame.entries)) this.#hole(now);
        break;
      case "state":
        if (exchange.state(frame)) this.#live(now);
        break;
      case "ack":
        this.#timetable.reset();
        if (exchange.ack(frame.upto)) exchange.pump(now, this.offset);
        else this.#hole(now);
        break;
      case "refused":
        if (!exchange.refused(frame.pseq, frame.code, frame.message)) this.#spoilt(now);
        break;
      case "ping":
        this.#send({ type: "pong", t: frame.t, time: Math.round((now + this.offset) * 1000) });
        break;
      case "pong":
        this.#patience = 1;
        this.#clock.measure(frame.t, now, frame.time);
        break;
      case "token":
        this.#token = frame.token;
        this.#renewing.begin(frame.expiresIn, now);
        this.#do({ type: "token", token: frame.token });
        break;
      case "goaway":
        this.#timetable.ask(frame.wait, now);
    }
  }

  #welcome(welcome: Welcome, now: number): void {
    this.#clock.begin(welcome.time, now);
    this.#renewing.begin(welcome.expiresIn, now);
    if (this.exchange.welcome(welcome)) this.#live(now);
    else this.#enter({ name: "syncing", heartbeat: this.#heartbeat(now, SYNC_PATIENCE_MS) }, now);
  }

  #live(now: number): void {
    this.code = null;
    this.reason = "";
    this.#enter(
      { name: "live", heartbeat: this.#heartbeat(now, PATIENCE_MS), steadyAt: now + STEADY_MS },
      now,
    );
    this.#do({ type: "live", waited: this.exchange.arrived + this.exchange.pending });
    this.exchange.resend(now, this.offset);
  }

  // --- doing ---

  #send(frame: ClientFrame): void {
    this.#do({ type: "send", frame });
  }

  #do(effect: Effect): void {
    this.#effects.push(effect);
  }

  #enter(phase: Phase, now: number): void {
    this.phase = phase;
    this.since = now;
  }
}
