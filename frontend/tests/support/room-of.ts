// A room full of real clients around the fake server, and words to say what happens in it.

import type { Role } from "../../../protocol/ts/roles";
import { type Notice, RoomClient, type RoomClientOptions } from "../../src/room/client";
import { FakeServer } from "./fake-server";
import type { FakeWire } from "./fake-wire";
import { HandClock } from "./hand-clock";
import { seeded } from "./random";

export class Person {
  readonly client: RoomClient;
  readonly notices: Notice[] = [];

  constructor(client: RoomClient) {
    this.client = client;
    client.onNotice((notice) => this.notices.push(notice));
  }

  types(text: string, at = this.text.length): void {
    this.client.text("main.py").insert(at, text);
  }

  erases(at: number, length: number): void {
    this.client.text("main.py").delete(at, length);
  }

  get text(): string {
    return this.client.text("main.py").toString();
  }

  get status(): string {
    return this.client.status.kind;
  }
}

export class FakeRoom {
  readonly clock = new HandClock();
  readonly server: FakeServer;
  readonly people: Person[] = [];

  constructor(roles: Record<string, Role>) {
    this.server = new FakeServer(this.clock, roles);
  }

  /** The seed makes the person's ids and waits. */
  enter(person: string, role: Role, seed = 1, more: Partial<RoomClientOptions> = {}): Person {
    const { clock } = this;
    const { openSocket } = this.server;
    const random = seeded(seed);
    const url = "ws://test/yjs/r-1";
    const client = new RoomClient({ url, token: person, person, role, clock, random, openSocket, ...more });
    const entered = new Person(client);
    this.people.push(entered);
    client.start();
    return entered;
  }

  /** The newest connection that was opened. */
  get wire(): FakeWire {
    const wire = this.server.wires.at(-1);
    if (wire === undefined) throw new Error("nobody has connected");
    return wire;
  }

  /** Everything under way arrives, is committed and answered, until nothing moves. */
  settle(): void {
    for (let round = 0; round < 10_000; round += 1) {
      const busy = this.server.wires.filter((wire) => wire.busy);
      if (busy.length === 0 && this.server.idle) return;
      for (const wire of busy) {
        wire.step("up");
        wire.step("down");
      }
      this.server.commit();
      this.server.finishSyncs();
    }
    throw new Error("the room does not come to rest");
  }

  /** Time passes and everything arrives soon after it was sent. */
  pass(ms: number): void {
    this.settle();
    for (let left = ms; left > 0; left -= 500) {
      this.clock.advance(Math.min(left, 500));
      this.settle();
    }
  }
}
