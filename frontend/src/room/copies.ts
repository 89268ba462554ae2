// The text that could not be put into the room, kept for its writer until they let it go: on the device too, where that works.

import { fragmentsOf } from "./fragments";
import type { Keeper } from "./keeper";
import { isEdit, type Pending } from "./outbox";
import type { Recovered, RecoveredFile } from "./recovered";

/** Nobody knows any more in which file it was. */
const PATH = "Typed earlier";

export class Copies {
  held: Recovered | null = null;
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
  }

  /** False where there was nothing to add. A second loss must not cost the copy of the first. */
  add(files: readonly RecoveredFile[], now: number): boolean {
    if (files.length === 0) return false;
    this.held = { at: now, files: [...(this.held?.files ?? []), ...files] };
    void this.#keeper.keepCopy(this.held);
    return true;
  }

  dismiss(): void {
    this.held = null;
    void this.#keeper.keepCopy(null);
  }
}

/** What these edits put in, for edits whose document this page never had. */
export function inWords(ops: readonly Pending[]): RecoveredFile[] {
  const updates = ops.filter(isEdit).map(({ op }) => (op.body as { update: Uint8Array }).update);
  return fragmentsOf(updates).map((text) => ({ path: PATH, text }));
}
