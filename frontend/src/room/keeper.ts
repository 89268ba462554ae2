// Keeps a page's unsettled operations on the shelf as well, so that they outlive the page: written soon, deleted as they settle.

import { Alarm } from "./alarm";
import type { Clock } from "./clock";
import type { Pending } from "./outbox";
import type { Recovered } from "./recovered";
import { type Owner, reserve, type Shelf, type StoredPage } from "./shelf";

/** While the link lives most are settled before that, and never written. */
const SOON_MS = 100;
/** What has settled need not be deleted at once: the server says what it has. */
const DELETE_MS = 1_000;
const RETRY_MS = 5_000;

export class Keeper {
  readonly #owner: Owner;
  readonly #clock: Clock;
  /** What is kept has changed. */
  readonly #changed: () => void;
  #shelf: Shelf | null = null;
  #instance = "";
  #lineage: string | null = null;
  #lastPseq = 0;
  /** Not on the shelf yet, in order; those that a write is taking there are here until it is done. */
  readonly #waiting = new Map<number, Pending>();
  readonly #stored = new Set<number>();
  /** Settled, and still on the shelf. */
  readonly #doomed = new Set<number>();
  #old: string[] = [];
  #writing: Promise<void> = Promise.resolve();
  #busy = false;
  #failed = false;
  readonly #alarm: Alarm;
  #copy: { copy: Recovered | null; kept: boolean } = { copy: null, kept: true };

  constructor({ owner, clock, changed }: { owner: Owner; clock: Clock; changed: () => void }) {
    this.#owner = owner;
    this.#clock = clock;
    this.#changed = changed;
    this.#alarm = new Alarm(clock, () => this.flush());
  }

  /** There is a shelf that can be written, and everything that waits is on it. */
  get kept(): boolean {
    return this.#shelf !== null && !this.#failed && this.#waiting.size === 0;
  }

  get copyKept(): boolean {
    return this.#copy.kept;
  }

  /** A page's life under one name begins; `stored`: what is on the shelf of it already, `last`: the highest number used. */
  begin(instance: string, stored: readonly Pending[] = [], last = 0): void {
    this.#instance = instance;
    this.#lastPseq = last;
    this.#waiting.clear();
    this.#stored.clear();
    this.#doomed.clear();
    for (const { pseq } of stored) this.#stored.add(pseq);
  }

  /** The shelf may come late, or never; what waits is written when it is there. */
  use(shelf: Shelf): void {
    this.#shelf = shelf;
    this.flush();
    if (!this.#copy.kept) void this.keepCopy(this.#copy.copy);
  }

  set lineage(lineage: string) {
    this.#lineage = lineage;
  }

  /** `live`: it is on its way, and will most likely settle before it need be written. */
  add(op: Pending, { live }: { live: boolean }): void {
    this.#lastPseq = op.pseq;
    this.#waiting.set(op.pseq, op);
    if (this.#failed) this.#alarm.within(RETRY_MS);
    else if (live) this.#alarm.within(SOON_MS);
    else this.flush();
  }

  remove(ops: readonly Pending[]): void {
    for (const { pseq } of ops) {
      // One that is being written just now is doomed as well.
      const unwritten = this.#waiting.delete(pseq) && !this.#busy;
      if (!unwritten && (this.#stored.delete(pseq) || this.#busy)) this.#doomed.add(pseq);
    }
    if (this.#doomed.size > 0) this.#alarm.within(DELETE_MS);
  }

  /** The old name is given up; what was kept under it stays until there is a copy of it. */
  rename(instance: string): void {
    this.#old.push(this.#instance);
    this.begin(instance);
  }

  forgetOld(): void {
    for (const instance of this.#old.splice(0)) this.#shelf?.forget(instance).catch(() => {});
  }

  /** Writes now what waits. */
  flush(): void {
    this.#alarm.at(null);
    const shelf = this.#shelf;
    if (shelf === null || this.#busy || this.#waiting.size + this.#doomed.size === 0) return;
    this.#writing = this.#write(shelf);
  }

  /** The last of it: resolves when nothing is being written any more. */
  async end(): Promise<void> {
    this.flush();
    for (let write = null as Promise<void> | null; write !== this.#writing; ) {
      write = this.#writing;
      await write;
    }
    this.#alarm.at(null);
  }

  /** Text that could not be put into the room; null to let it go. */
  async keepCopy(copy: Recovered | null): Promise<void> {
    this.#copy = { copy, kept: copy === null };
    try {
      await this.#shelf?.keepCopy(this.#owner, copy);
      if (this.#shelf !== null && this.#copy.copy === copy) this.#copy.kept = true;
    } catch {
      // Kept on the page alone, and said so.
    }
    this.#changed();
  }

  async #write(shelf: Shelf): Promise<void> {
    const instance = this.#instance;
    const put = [...this.#waiting.values()];
    const remove = [...this.#doomed];
    this.#busy = true;
    const wrote = await shelf.write(this.#page(), { put, remove }).then(
      () => true,
      () => false,
    );
    this.#busy = false;
    this.#failed = !wrote;
    if (instance === this.#instance && wrote) this.#wrote(put, remove);
    // What has come meanwhile is the next write: one begins when the last one ends.
    if (this.#waiting.size > 0 && wrote) this.flush();
    else if (this.#waiting.size > 0) this.#alarm.within(RETRY_MS);
    this.#changed();
  }

  #wrote(put: readonly Pending[], remove: readonly number[]): void {
    for (const pseq of remove) this.#doomed.delete(pseq);
    for (const { pseq } of put) if (this.#waiting.delete(pseq)) this.#stored.add(pseq);
    if (this.#doomed.size > 0) this.#alarm.within(DELETE_MS);
  }

  #page(): StoredPage {
    return {
      ...this.#owner,
      instance: this.#instance,
      lineage: this.#lineage,
      reserved: reserve(this.#lastPseq),
      touchedAt: this.#clock.now(),
    };
  }
}
