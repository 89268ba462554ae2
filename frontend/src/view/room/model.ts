/** The room client as signals: what the components of the room page read, and nothing else. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Action, allows } from "../../../../protocol/ts/roles";
import type { Change, Link, Recovered, RoomClient, Status } from "../../room/client";
import type { PrivateState } from "../../room/private";
import type { Person, RoomState } from "../../room/state";
import { notify } from "../parts/notices";

/** The room is out of reach, or not back yet. */
const DOWN: ReadonlySet<Status["kind"]> = new Set(["offline", "not-recorded", "connecting", "syncing"]);

/** Where one room is met from: its id, the invite that opened it, and its client. */
export class RoomModel {
  readonly room: string;
  readonly invite: string;
  /** Brings this participant back, here or on another device. */
  readonly resume: string;
  readonly client: RoomClient;
  readonly #state;
  readonly #private;
  readonly #link;
  readonly #status;
  readonly #documents = signal(0);
  readonly #recovered = signal<Recovered | null>(null);
  readonly #down = signal<number | null>(null);
  #unsubscribe: (() => void)[] = [];

  constructor(
    { room, invite, resume }: { room: string; invite: string; resume: string },
    client: RoomClient,
  ) {
    this.room = room;
    this.invite = invite;
    this.resume = resume;
    this.client = client;
    this.#state = signal(client.state);
    this.#private = signal(client.private);
    this.#link = signal(client.link);
    this.#status = signal(client.status);
  }

  // Parts of the state, each a signal of its own underneath: a keystroke of somebody else redraws no list of runs.
  readonly #parts = {
    title: computed(() => this.#state.value.title),
    people: computed(() => this.#state.value.people),
    files: computed(() => this.#state.value.files),
    data: computed(() => this.#state.value.data),
    written: computed(() => this.#state.value.written),
    runs: computed(() => this.#state.value.runs),
    questions: computed(() => this.#state.value.questions),
    judgements: computed(() => this.#state.value.judgements),
    services: computed(() => this.#state.value.services),
    chat: computed(() => this.#state.value.chat),
    kernel: computed(() => this.#state.value.kernel),
    cursors: computed(() => this.#state.value.cursors),
    clients: computed(() => this.#state.value.clients),
    events: computed(() => this.#state.value.events),
    endedAt: computed(() => this.#state.value.endedAt),
    environment: computed(() => this.#state.value.environment),
    help: computed(() => this.#state.value.help),
    revoked: computed(() => this.#state.value.revoked),
  };

  get title(): string {
    return this.#parts.title.value;
  }

  get people(): RoomState["people"] {
    return this.#parts.people.value;
  }

  get files(): RoomState["files"] {
    return this.#parts.files.value;
  }

  get data(): RoomState["data"] {
    return this.#parts.data.value;
  }

  get written(): RoomState["written"] {
    return this.#parts.written.value;
  }

  get runs(): RoomState["runs"] {
    return this.#parts.runs.value;
  }

  get questions(): RoomState["questions"] {
    return this.#parts.questions.value;
  }

  get judgements(): RoomState["judgements"] {
    return this.#parts.judgements.value;
  }

  get services(): RoomState["services"] {
    return this.#parts.services.value;
  }

  /** What interviewers alone know; empty for everybody else. */
  get private(): PrivateState {
    return this.#private.value;
  }

  get chat(): RoomState["chat"] {
    return this.#parts.chat.value;
  }

  get kernel(): RoomState["kernel"] {
    return this.#parts.kernel.value;
  }

  get cursors(): RoomState["cursors"] {
    return this.#parts.cursors.value;
  }

  get clients(): RoomState["clients"] {
    return this.#parts.clients.value;
  }

  get events(): RoomState["events"] {
    return this.#parts.events.value;
  }

  get revoked(): RoomState["revoked"] {
    return this.#parts.revoked.value;
  }

  get endedAt(): number | null {
    return this.#parts.endedAt.value;
  }

  get environment(): string {
    return this.#parts.environment.value;
  }

  get help(): RoomState["help"] {
    return this.#parts.help.value;
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

  get recovered(): ReadonlySignal<Recovered | null> {
    return this.#recovered;
  }

  /** Why no code can run on this server, in its words; null where it can, or as long as nobody knows. */
  readonly noKernel = signal<string | null>(null);

  /** Since when the room has been out of reach (ms), or null; short attempts in between do not restart it. */
  get down(): ReadonlySignal<number | null> {
    return this.#down;
  }

  start(): void {
    this.#unsubscribe = [
      this.client.subscribe((change) => this.#take(change)),
      this.client.onNotice((notice) => {
        // The copy shows itself.
        if (notice.code !== "recovered") notify(notice.text, notice.tone);
      }),
    ];
    this.client.start();
    this.#take({ state: true, link: true, doc: false });
  }

  stop(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.client.stop();
  }

  may(action: Action): boolean {
    return allows(this.client.role, action) && this.endedAt === null;
  }

  person(id: string): Person | undefined {
    return this.people.get(id);
  }

  get me(): Person | undefined {
    return this.person(this.client.person);
  }

  #take(change: Change): void {
    batch(() => {
      if (change.state) this.#state.value = this.client.state;
      this.#private.value = this.client.private;
      this.#link.value = this.client.link;
      this.#status.value = this.client.status;
      this.#down.value = this.#downSince();
      this.#recovered.value = this.client.recovered;
      if (change.doc) this.#documents.value += 1;
    });
  }

  #downSince(): number | null {
    if (!DOWN.has(this.client.status.kind)) return null;
    return this.#down.value ?? Date.now();
  }
}
