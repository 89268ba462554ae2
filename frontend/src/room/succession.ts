// How a page comes into the work of earlier ones: the newest is continued under its own name, others are done under ours.

import { inWords } from "./copies";
import type { Exchange } from "./exchange";
import { inherit, takeOver } from "./inheritance";
import type { Keeping } from "./keeping";
import type { Op, Pending } from "./outbox";
import type { RecoveredFile } from "./recovered";
import type { StoredOutbox } from "./shelf";

export interface SuccessionEvents {
  /** Into the document, as if somebody else had made it. */
  put(update: Uint8Array): void;
  submit(op: Op, madeAt: number): void;
  recover(files: readonly RecoveredFile[]): void;
  /** Perhaps done and perhaps not. */
  uncertain(ops: readonly Pending[]): void;
}

export class Succession {
  readonly #exchange: Exchange;
  readonly #keeping: Keeping;
  readonly #events: SuccessionEvents;

  constructor(exchange: Exchange, keeping: Keeping, events: SuccessionEvents) {
    this.#exchange = exchange;
    this.#keeping = keeping;
    this.#events = events;
  }

  /** Before the first link. Answers since when its work has waited. */
  inherit(page: StoredOutbox, now: number): number | null {
    const { ops, uncertain } = inherit(page.ops, now);
    const own = this.#exchange.inherit(page, ops);
    const { keeper } = this.#keeping;
    keeper.begin(page.instance, page.ops, page.reserved);
    keeper.remove(page.ops.filter((one) => !ops.includes(one)));
    for (const op of own) keeper.add(op, { live: false });
    this.#events.uncertain(uncertain);
    return ops[0]?.madeAt ?? null;
  }

  /** Once the room has been here: work of pages that have ended, as far as it does no harm a second time. */
  takeOver(now: number): void {
    for (const page of this.#keeping.takeOver()) {
      const { ops, uncertain } = takeOver(page.ops, now);
      const foreign = page.lineage !== null && page.lineage !== this.#exchange.lineage;
      if (foreign) this.#events.recover(inWords(ops));
      for (const { op, madeAt } of ops) {
        if (foreign && op.kind === "edit") continue;
        if (op.kind === "edit") this.#events.put(op.body.update);
        this.#events.submit(op, madeAt);
      }
      this.#events.uncertain(uncertain);
    }
  }
}
