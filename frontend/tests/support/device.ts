// A browser on one device: its storage and its tabs, which live and die by hand.

import type { Storage } from "../../src/room/keeping";
import type { Pending } from "../../src/room/outbox";
import type { Recovered } from "../../src/room/recovered";
import type { Owner, Shelf, StoredPage } from "../../src/room/shelf";
import type { Tenancy } from "../../src/room/tenancy";

export class Device {
  readonly pages = new Map<string, StoredPage>();
  readonly ops = new Map<string, Map<number, Pending>>();
  readonly copies = new Map<string, Recovered>();
  /** Writes fail, as on a full disk. */
  full = false;
  writes = 0;
  readonly #holders = new Map<string, { tab: Tab; next: { tab: Tab; held: () => void }[] }>();

  /** Everything that waits for nothing but its turn is done. */
  static async rest(): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) await null;
  }

  get kept(): number {
    return [...this.ops.values()].reduce((sum, ops) => sum + ops.size, 0);
  }

  open(): Tab {
    return new Tab(this);
  }

  hold(name: string, tab: Tab, held: () => void): void {
    const holder = this.#holders.get(name);
    if (holder === undefined) {
      this.#holders.set(name, { tab, next: [] });
      held();
    } else if (holder.tab === tab) held();
    else holder.next.push({ tab, held });
  }

  release(name: string, tab: Tab): void {
    const holder = this.#holders.get(name);
    if (holder?.tab !== tab) return;
    const next = holder.next.find((one) => !one.tab.dead);
    if (next === undefined) this.#holders.delete(name);
    else {
      this.#holders.set(name, { tab: next.tab, next: holder.next.filter((one) => one !== next) });
      next.held();
    }
  }

  releaseAll(tab: Tab): void {
    for (const name of [...this.#holders.keys()]) this.release(name, tab);
  }
}

export class Tab {
  dead = false;
  readonly storage: Storage;
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
    const tenancy: Tenancy = {
      hold: (name) => new Promise((held) => device.hold(name, this, held)),
      release: (name) => device.release(name, this),
    };
    this.storage = { shelf: Promise.resolve(new FakeShelf(device, this)), tenancy };
  }

  /** Without a word: what was not written by now never will be. */
  die(): void {
    this.dead = true;
    this.#device.releaseAll(this);
  }
}

class FakeShelf implements Shelf {
  readonly #device: Device;
  readonly #tab: Tab;

  constructor(device: Device, tab: Tab) {
    this.#device = device;
    this.#tab = tab;
  }

  async pages({ room, person }: Owner): Promise<StoredPage[]> {
    await this.#turn();
    return [...this.#device.pages.values()].filter((page) => page.room === room && page.person === person);
  }

  async ops(instance: string): Promise<Pending[]> {
    await this.#turn();
    return [...(this.#device.ops.get(instance)?.values() ?? [])].sort((a, b) => a.pseq - b.pseq);
  }

  async write(
    page: StoredPage,
    { put, remove }: { put: readonly Pending[]; remove: readonly number[] },
  ): Promise<void> {
    await this.#turn();
    if (this.#device.full) throw new Error("quota");
    this.#device.writes += 1;
    this.#device.pages.set(page.instance, page);
    const ops = this.#device.ops.get(page.instance) ?? new Map<number, Pending>();
    this.#device.ops.set(page.instance, ops);
    for (const one of put) ops.set(one.pseq, structuredClone(one));
    for (const pseq of remove) ops.delete(pseq);
  }

  async forget(instance: string): Promise<void> {
    await this.#turn();
    this.#device.pages.delete(instance);
    this.#device.ops.delete(instance);
  }

  async sweep(before: number): Promise<void> {
    for (const { instance, touchedAt } of [...this.#device.pages.values()]) {
      if (touchedAt < before) await this.forget(instance);
    }
  }

  async copy({ room, person }: Owner): Promise<Recovered | null> {
    await this.#turn();
    return this.#device.copies.get(`${room} ${person}`) ?? null;
  }

  async keepCopy({ room, person }: Owner, copy: Recovered | null): Promise<void> {
    await this.#turn();
    if (this.#device.full) throw new Error("quota");
    if (copy === null) this.#device.copies.delete(`${room} ${person}`);
    else this.#device.copies.set(`${room} ${person}`, copy);
  }

  /** Nothing happens at once; a dead tab does nothing any more. */
  async #turn(): Promise<void> {
    await null;
    if (this.#tab.dead) await new Promise(() => {});
  }
}
