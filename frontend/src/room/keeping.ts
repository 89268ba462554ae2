// A page and its storage: what it finds there when it starts, what it keeps there, and what it takes over from others.

import type { Clock } from "./clock";
import { Keeper } from "./keeper";
import { Orphans } from "./orphans";
import type { Recovered } from "./recovered";
import type { Owner, Shelf, StoredOutbox } from "./shelf";
import type { Tenancy } from "./tenancy";

/** Nobody waits longer for a room because storage is slow, or never answers. */
const BOARD_MS = 300;

export interface Storage {
  /** Null where there is none. */
  shelf: Promise<Shelf | null>;
  tenancy: Tenancy;
}

/** What earlier pages of the same person have left for this one. */
export interface Boarding {
  adopted: StoredOutbox | null;
  copy: Recovered | null;
}

const NOTHING: Boarding = { adopted: null, copy: null };

export interface KeepingOptions {
  owner: Owner;
  clock: Clock;
  /** Null: everything lives as long as the page. */
  storage: Storage | null;
  changed(): void;
  /** There is more to take over. */
  found(): void;
}

export class Keeping {
  readonly keeper: Keeper;
  readonly #options: KeepingOptions;
  /** Of pages that have ended; not in our own outbox yet. */
  #found: StoredOutbox[] = [];
  /** In our own outbox; on the shelf until they are kept or settled there. */
  #handed: StoredOutbox[] = [];
  #orphans: Orphans | null = null;
  #name: string;
  #boarded = false;

  constructor(instance: string, options: KeepingOptions) {
    const { owner, clock, changed } = options;
    this.#options = options;
    this.#name = instance;
    this.keeper = new Keeper({ owner, clock, changed });
    this.keeper.begin(instance);
  }

  /** Operations of other pages that wait to be taken over. */
  get waiting(): number {
    return this.#found.reduce((sum, { ops }) => sum + ops.length, 0);
  }

  /** Within a moment, whatever the storage does; null where there is nothing to wait for. */
  board(): Promise<Boarding> | null {
    const { storage, clock } = this.#options;
    if (storage === null) return null;
    const timeout = new Promise<Boarding>((resolve) => {
      clock.alarm(clock.now() + BOARD_MS, () => resolve(NOTHING));
    });
    const looking = this.#look(storage);
    return Promise.race([looking, timeout]).then((boarding) => {
      this.#boarded = true;
      if (boarding.adopted !== null) this.#name = boarding.adopted.instance;
      else void storage.tenancy.hold(this.#name);
      return boarding;
    });
  }

  /** What other pages left, once. */
  takeOver(): StoredOutbox[] {
    const found = this.#found;
    this.#found = [];
    this.#handed.push(...found);
    return found;
  }

  /** What was taken over is let go where it came from, as soon as it is safe here. */
  tidy(): void {
    if (this.#handed.length === 0 || !this.keeper.kept) return;
    for (const outbox of this.#handed) this.#orphans?.forget(outbox).catch(() => {});
    this.#handed = [];
  }

  /** The name that the server knew this page by is given up. */
  rename(instance: string): void {
    void this.#options.storage?.tenancy.hold(instance);
    this.#name = instance;
    this.keeper.rename(instance);
  }

  /** The name is let go when the last write is done: whoever goes on under it must find everything. */
  stop(): void {
    void this.keeper.end().then(() => this.#options.storage?.tenancy.release(this.#name));
  }

  async #look({ shelf: opening, tenancy }: Storage): Promise<Boarding> {
    const shelf = await opening;
    if (shelf === null) return NOTHING;
    const { owner, clock } = this.#options;
    const found = (outbox: StoredOutbox) => {
      this.#found.push(outbox);
      this.#options.found();
    };
    this.#orphans = new Orphans({ shelf, tenancy, owner, clock, found });
    try {
      const [adopted, copy] = await Promise.all([this.#orphans.adopt(), shelf.copy(owner)]);
      // Too late to go on under its name.
      if (this.#boarded && adopted !== null) found(adopted);
      return { adopted, copy };
    } catch {
      return NOTHING;
    } finally {
      // Afterwards, so that this page does not find itself.
      this.keeper.use(shelf);
    }
  }
}
