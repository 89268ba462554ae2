// A room at random, from a seed: three people who type and chat, and a network and a server that fail.

import { below, pick, seeded } from "./random";
import { FakeRoom, type Person } from "./room-of";

/** One room and everything that befalls it. */
export class Storm {
  readonly room = new FakeRoom({ ada: "candidate", bob: "interviewer", cyd: "interviewer" });
  readonly words: string[] = [];
  readonly lines: string[] = [];
  readonly #random: () => number;
  readonly #people: Person[];
  readonly #erasing: boolean;

  /** `erasing`: words are also taken away, so they can no longer be counted. */
  constructor(seed: number, { erasing = false } = {}) {
    this.#random = seeded(seed);
    this.#erasing = erasing;
    const enter = (name: string, at: number) => {
      return this.room.enter(name, name === "ada" ? "candidate" : "interviewer", seed * 10 + at);
    };
    this.#people = ["ada", "bob", "cyd"].map(enter);
    this.room.settle();
  }

  step(): void {
    const dice = this.#random();
    if (dice < 0.3) this.#type();
    else if (dice < 0.34) this.#chat();
    else if (dice < 0.7) this.#network();
    else if (dice < 0.8) this.room.server.commit();
    else if (dice < 0.87) this.room.server.finishSyncs();
    else if (dice < 0.93) this.room.clock.advance(below(this.#random, 2_000));
    else this.#mishap();
  }

  calm(): void {
    this.room.server.reachable = true;
    this.room.pass(60_000);
  }

  #type(): void {
    const word = `<${this.words.length}>`;
    this.words.push(word);
    const person = pick(this.#random, this.#people);
    if (this.#erasing && person.text.length > 20 && this.#random() < 0.4) {
      person.erases(below(this.#random, person.text.length - 10), 1 + below(this.#random, 10));
    }
    // At the border of a word, so that each stays whole and can be counted.
    const borders = [0, ...[...person.text.matchAll(/>/g)].map(({ index }) => index + 1)];
    person.types(word, pick(this.#random, borders));
  }

  #chat(): void {
    const line = `line ${this.lines.length}`;
    this.lines.push(line);
    void pick(this.#random, this.#people).client.chat(line);
  }

  #network(): void {
    const busy = this.room.server.wires.filter((wire) => wire.busy);
    if (busy.length > 0) pick(this.#random, busy).step(this.#random() < 0.5 ? "up" : "down");
  }

  #mishap(): void {
    const { server } = this.room;
    const open = server.wires.filter(({ closed }) => !closed);
    const dice = this.#random();
    if (dice < 0.1) server.crash();
    else if (dice < 0.2) server.failAppend();
    else if (dice < 0.3) server.reachable = !server.reachable;
    else if (dice < 0.4) pick(this.#random, this.#people).client.wake("visible");
    else if (open.length === 0) return;
    else if (dice < 0.6) pick(this.#random, open).stall();
    else pick(this.#random, open).cut({ serverNotices: this.#random() < 0.5 });
  }
}
