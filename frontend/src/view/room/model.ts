/** The room client as signals: what the components of the room page read, and nothing else. */
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { type Action, allows } from "../../../../protocol/ts/roles";
import type { Change, Link, RoomClient, Status } from "../../room/client";
import type { Person, RoomState } from "../../room/state";
import { notify } from "../parts/notices";

/** Where one room is met from: its id, the invite that opened it, and its client. */
export class RoomModel {
  readonly room: string;
  readonly invite: string;
  readonly client: RoomClient;
  readonly #state;
  readonly #link;
  readonly #status;
  readonly #documents = signal(0);
  readonly #down = signal<number | null>(null);
  #unsubscribe: (() => void)[] = [];

  constructor(room: string, invite: string, client: RoomClient) {
    this.room = room;
    this.invite = invite;
    this.client = client;
    this.#state = signal(client.state);
    this.#link = signal(client.link);
    this.#status = signal(client.status);
  }

  get state(): ReadonlySignal<RoomState> {
    return this.#state;
  }

  get link(): ReadonlySignal<Link> {
    return this.#link;
  }

  get status(): ReadonlySignal<Status> {
    return this.#status;
  }

  /** Rises when the document was made anew: editors bind again. */
  get documents(): ReadonlySignal<number> {
    return this.#documents;
  }

  /** Since when the room has been out of reach (ms), or null; short attempts in between do not restart it. */
  get down(): ReadonlySignal<number | null> {
    return this.#down;
  }

  start(): void {
    this.#unsubscribe = [
      this.client.subscribe((change) => this.#take(change)),
      this.client.onNotice((notice) => notify(notice.text, notice.tone)),
    ];
    this.client.start();
    this.#take({ state: true, link: true, doc: false });
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.client.stop();
  }

  may(action: Action): boolean {
    return allows(this.client.role, action) && this.#state.value.endedAt === null;
  }

  person(id: string): Person | undefined {
    return this.#state.value.people.get(id);
  }

  get me(): Person | undefined {
    return this.person(this.client.person);
  }

  #take(change: Change): void {
    batch(() => {
      if (change.state) this.#state.value = this.client.state;
      this.#link.value = this.client.link;
      this.#status.value = this.client.status;
      this.#down.value = this.#downSince();
      if (change.doc) this.#documents.value += 1;
    });
  }

  #downSince(): number | null {
    const kind = this.client.status.kind;
    if (kind !== "offline" && kind !== "not-recorded" && kind !== "connecting") return null;
    return this.#down.value ?? Date.now();
  }
}
