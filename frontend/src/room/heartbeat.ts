// Whether the other end still lives: browsers keep half-open sockets OPEN for minutes, so we ask.

const PING_EVERY_MS = 5_000;
/** Of nothing but heartbeats, after which the room is at rest. */
const RESTS_AFTER_MS = 30_000;
/** At rest: without a word from the server, whose own pings come sooner. */
const PING_AT_REST_MS = 12_000;
/** After a wake-up the user is waiting: decide sooner. */
const PROBE_MS = 3_000;
/** A ping unanswered for so long is worth a word. */
const SUSPECT_MS = 4_000;

/** Counts from the first unanswered ping, not from the last frame: hidden pages get one timer a minute. */
export class Heartbeat {
  readonly #patience: number;
  #pingAt: number;
  #busyAt: number;
  #askedAt: number | null = null;
  #deadAt = Number.POSITIVE_INFINITY;
  /** The machine slept, and has asked since. */
  #woken = false;

  /** `patience`: ms without an answer after which the link is dead. */
  constructor(now: number, patience: number) {
    this.#patience = patience;
    this.#pingAt = now + PING_EVERY_MS;
    this.#busyAt = now;
  }

  get alarmAt(): number {
    return Math.min(this.#pingAt, this.#deadAt);
  }

  /** From when on an unanswered ping makes the link suspect. */
  get suspectAt(): number {
    return this.#askedAt === null ? Number.POSITIVE_INFINITY : this.#askedAt + SUSPECT_MS;
  }

  /** Something other than heartbeats goes either way. */
  busy(now: number): void {
    this.#busyAt = now;
    this.#pingAt = Math.min(this.#pingAt, now + PING_EVERY_MS);
  }

  heard(now: number): void {
    if (now - this.#busyAt >= RESTS_AFTER_MS) this.#pingAt = now + PING_AT_REST_MS;
    this.#askedAt = null;
    this.#deadAt = Number.POSITIVE_INFINITY;
    this.#woken = false;
  }

  /** True when a ping is due; it counts as sent. */
  due(now: number): boolean {
    if (now < this.#pingAt) return false;
    this.#sent(now, this.#patience);
    return true;
  }

  /** A ping is sent now, with less patience. */
  probe(now: number): void {
    this.#sent(now, PROBE_MS);
  }

  /**
   * After a sleep the answer to an older ping may lie in the socket unread, so a new one decides, sent now.
   * False when there was one already, and nothing has come since.
   */
  wake(now: number): boolean {
    if (this.#woken) return false;
    this.heard(now);
    this.probe(now);
    this.#woken = true;
    return true;
  }

  dead(now: number): boolean {
    return now >= this.#deadAt;
  }

  #sent(now: number, patience: number): void {
    this.#pingAt = now + PING_EVERY_MS;
    this.#askedAt ??= now;
    this.#deadAt = Math.min(this.#deadAt, now + patience);
  }
}
