// What a device keeps for a person, in a folder: a tab that is killed leaves it to the next one, as IndexedDB would.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Storage } from "../../src/room/keeping";
import type { Pending } from "../../src/room/outbox";
import type { Recovered } from "../../src/room/recovered";
import type { Owner, Shelf, StoredOutbox, StoredPage } from "../../src/room/shelf";
import type { Tenancy } from "../../src/room/tenancy";

const ASK_AGAIN_MS = 50;
const OUTBOX = ".outbox";
const COPY = "copy";

export function openFolder(folder: string): Storage {
  mkdirSync(folder, { recursive: true });
  return { shelf: Promise.resolve(new FolderShelf(folder)), tenancy: new FolderTenancy(folder) };
}

/** One file for each page: one room and one person to a folder. */
class FolderShelf implements Shelf {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async pages(): Promise<StoredPage[]> {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(OUTBOX));
    return names.flatMap((name) => {
      const stored = this.#read(name.slice(0, -OUTBOX.length));
      return stored === null ? [] : [stored];
    });
  }

  async ops(instance: string): Promise<Pending[]> {
    return this.#read(instance)?.ops ?? [];
  }

  async write(
    page: StoredPage,
    { put, remove }: { put: readonly Pending[]; remove: readonly number[] },
  ): Promise<void> {
    const ops = new Map((this.#read(page.instance)?.ops ?? []).map((op) => [op.pseq, op]));
    for (const op of put) ops.set(op.pseq, op);
    for (const pseq of remove) ops.delete(pseq);
    const stored: StoredOutbox = { ...page, ops: [...ops.values()].sort((a, b) => a.pseq - b.pseq) };
    this.#put(page.instance + OUTBOX, stored);
  }

  async forget(instance: string): Promise<void> {
    rmSync(join(this.#folder, instance + OUTBOX), { force: true });
  }

  async sweep(): Promise<void> {
    // A campaign is shorter than anything is kept.
  }

  async copy(): Promise<Recovered | null> {
    return parsed<Recovered>(join(this.#folder, COPY));
  }

  async keepCopy(_: Owner, copy: Recovered | null): Promise<void> {
    this.#put(COPY, copy);
  }

  #read(instance: string): StoredOutbox | null {
    return parsed<StoredOutbox>(join(this.#folder, instance + OUTBOX));
  }

  /** Whole or not at all, whenever the process is killed. */
  #put(name: string, value: unknown): void {
    const path = join(this.#folder, name);
    writeFileSync(`${path}.${process.pid}`, JSON.stringify(value, bytesAsText));
    renameSync(`${path}.${process.pid}`, path);
  }
}

/** A name belongs to the process whose number stands in its file, for as long as that lives. */
class FolderTenancy implements Tenancy {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async hold(name: string): Promise<void> {
    while (!this.#take(name)) await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  }

  release(name: string): void {
    if (this.#holder(name) === process.pid) rmSync(this.#path(name), { force: true });
  }

  #take(name: string): boolean {
    const holder = this.#holder(name);
    if (holder === process.pid) return true;
    if (holder !== null && lives(holder)) return false;
    // Of those who find the same holder dead, one wins.
    const won = holder === null ? this.#path(name) : `${this.#path(name)}.${holder}`;
    if (!created(won)) return false;
    writeFileSync(this.#path(name), `${process.pid}`);
    return true;
  }

  #holder(name: string): number | null {
    try {
      return Number(readFileSync(this.#path(name), "utf8")) || null;
    } catch {
      return null;
    }
  }

  #path(name: string): string {
    return join(this.#folder, `${name}.lock`);
  }
}

function created(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}`, { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function parsed<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, "utf8"), textAsBytes) as T | null;
  } catch {
    return null;
  }
}

function bytesAsText(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { base64: Buffer.from(value).toString("base64") } : value;
}

function textAsBytes(_: string, value: unknown): unknown {
  const bytes = (value as { base64?: unknown } | null)?.base64;
  return typeof bytes === "string" ? new Uint8Array(Buffer.from(bytes, "base64")) : value;
}
