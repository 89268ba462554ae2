// Whether the other end still lives: browsers keep half-open sockets OPEN for minutes, so we ask.

const PING_EVERY_MS = 5_000;
/** After a wake-up the user is waiting: decide sooner. */
const PROBE_MS = 3_000;

/** Counts from the first unanswered ping, not from the last frame: hidden pages get one timer a minute. */
export class Heartbeat {
  readonly #patience: number;
  #pingAt: number;
  #deadAt: number | null = null;

  /** `patience`: ms without an answer after which the link is dead. */
  constructor(now: number, patience: number) {
    this.#patience = patience;
    this.#pingAt = now + PING_EVERY_MS;
  }

  get alarmAt(): number {
    return this.#deadAt === null ? this.#pingAt : Math.min(this.#pingAt, this.#deadAt);
  }

  heard(): void {
    this.#deadAt = null;
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

  dead(now: number): boolean {
    return this.#deadAt !== null && now >= this.#deadAt;
  }

  #sent(now: number, patience: number): void {
    this.#pingAt = now + PING_EVERY_MS;
    this.#deadAt = Math.min(this.#deadAt ?? Number.POSITIVE_INFINITY, now + patience);
  }
}
