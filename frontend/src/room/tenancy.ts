// Which page goes by which name: of all tabs on this device only one at a time, so that no two continue the same work.

/** The names are held until the page ends, or lets them go. */
export interface Tenancy {
  /** ms after which a name that is not ours yet is somebody else's; 150 where it does not say. */
  readonly patience?: number;
  /** Resolves when the name is ours, which is at once where nobody has it, and else when its page has ended. */
  hold(name: string): Promise<void>;
  release(name: string): void;
}

/** By the browser's own locks; they need a secure context, which a plain http address in an office is not. */
export function openTenancy(): Tenancy {
  if (typeof navigator !== "undefined" && "locks" in navigator) return byLocks(navigator.locks);
  if (typeof BroadcastChannel !== "undefined") return byQuestions(new BroadcastChannel("fourhands.pages"));
  return ALONE;
}

/** Nobody can be asked: then nobody's name is taken, and our own are new. */
const ALONE: Tenancy = { hold: () => new Promise(() => {}), release: () => {} };

export function byLocks(locks: LockManager): Tenancy {
  return new Locks(locks);
}

/** A page that is frozen does not answer, and loses its name. */
export function byQuestions(channel: BroadcastChannel): Tenancy {
  return new Questions(channel);
}

class Locks implements Tenancy {
  /** They answer at once; a page that is being reloaded may take a moment to let go. */
  readonly patience = 100;
  readonly #locks: LockManager;
  readonly #held = new Map<string, () => void>();

  constructor(locks: LockManager) {
    this.#locks = locks;
  }

  hold(name: string): Promise<void> {
    return new Promise((held) => {
      const keep = () =>
        new Promise<void>((release) => {
          this.#held.set(name, release);
          held();
        });
      // Refused where the origin is opaque: there nothing is stored either.
      this.#locks.request(`fourhands ${name}`, keep).catch(() => {});
    });
  }

  release(name: string): void {
    this.#held.get(name)?.();
    this.#held.delete(name);
  }
}

/** Another page has so long to say that it is there. */
const ANSWER_MS = 120;
const ASK_AGAIN_MS = 10_000;

interface Said {
  type: "mine?" | "mine";
  name: string;
  /** Of two that ask at once the lower one has it. */
  by: number;
}

class Questions implements Tenancy {
  readonly patience = ANSWER_MS + 30;
  readonly #channel: BroadcastChannel;
  readonly #me = Math.random();
  /** False while we still ask. */
  readonly #names = new Map<string, boolean>();
  readonly #refused = new Set<string>();

  constructor(channel: BroadcastChannel) {
    this.#channel = channel;
    channel.onmessage = ({ data }: MessageEvent<Said>) => this.#heard(data);
  }

  async hold(name: string): Promise<void> {
    while (!(await this.#ask(name))) await wait(ASK_AGAIN_MS);
  }

  release(name: string): void {
    this.#names.delete(name);
  }

  async #ask(name: string): Promise<boolean> {
    this.#names.set(name, false);
    this.#refused.delete(name);
    this.#say({ type: "mine?", name, by: this.#me });
    await wait(ANSWER_MS);
    const free = !this.#refused.has(name);
    if (free) this.#names.set(name, true);
    else this.#names.delete(name);
    return free;
  }

  #heard({ type, name, by }: Said): void {
    const held = this.#names.get(name);
    if (type === "mine") this.#refused.add(name);
    else if (held === true || (held === false && this.#me < by)) {
      this.#say({ type: "mine", name, by: this.#me });
    }
  }

  #say(said: Said): void {
    this.#channel.postMessage(said);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
