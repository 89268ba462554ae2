// Pages that ended with work which the room does not have: the newest is continued under its name, the others are taken over.

import type { Clock } from "./clock";
import { type Owner, reserve, type Shelf, type StoredOutbox, type StoredPage } from "./shelf";
import type { Tenancy } from "./tenancy";

const PATIENCE_MS = 150;
const KEPT_FOR_MS = 30 * 86_400_000;

export interface OrphansOptions {
  shelf: Shelf;
  tenancy: Tenancy;
  owner: Owner;
  clock: Clock;
  /** A page has ended whose work is to be taken over; also long after the start. */
  found(outbox: StoredOutbox): void;
}

export class Orphans {
  readonly #options: OrphansOptions;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** The page to continue, or null where there is none; `found` is told of the rest. Rejects where the shelf fails. */
  async adopt(): Promise<StoredOutbox | null> {
    const { shelf, tenancy, owner, clock } = this.#options;
    await shelf.sweep(clock.now() - KEPT_FOR_MS);
    const claims = (await shelf.pages(owner)).map((page) => this.#claim(page));
    const timeout = this.#after(tenancy.patience ?? PATIENCE_MS);
    const free: StoredOutbox[] = [];
    for (const claim of claims) {
      const outbox = await Promise.race([claim, timeout]);
      if (outbox === "late") void claim.then((ended) => this.#take(ended)).catch(() => {});
      else if (outbox !== null) free.push(outbox);
    }
    const [newest, ...others] = free.sort((a, b) => b.touchedAt - a.touchedAt);
    for (const outbox of others) this.#take(outbox);
    if (newest === undefined) return null;
    // Written before anything is sent: whoever comes after us must begin behind our numbers too.
    await shelf.write({ ...page(newest), reserved: reserve(newest.reserved) }, NOTHING);
    return newest;
  }

  /** Its work is in other hands. */
  async forget({ instance }: StoredPage): Promise<void> {
    await this.#options.shelf.forget(instance);
    this.#options.tenancy.release(instance);
  }

  #take(outbox: StoredOutbox | null): void {
    if (outbox !== null) this.#options.found(outbox);
  }

  /** Waits until its page has ended; null where that had left nothing. */
  async #claim(stored: StoredPage): Promise<StoredOutbox | null> {
    await this.#options.tenancy.hold(stored.instance);
    const ops = await this.#options.shelf.ops(stored.instance);
    if (ops.length > 0) return { ...stored, ops };
    await this.forget(stored);
    return null;
  }

  #after(ms: number): Promise<"late"> {
    const { clock } = this.#options;
    return new Promise((resolve) => {
      clock.alarm(clock.now() + ms, () => resolve("late"));
    });
  }
}

const NOTHING = { put: [], remove: [] };

function page({ instance, room, person, lineage, touchedAt }: StoredOutbox): Omit<StoredPage, "reserved"> {
  return { instance, room, person, lineage, touchedAt };
}
