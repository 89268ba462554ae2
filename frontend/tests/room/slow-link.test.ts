// A live link that is too slow for what goes on: it is told the rest in one piece, and nothing is sent twice.

import { expect, test } from "vitest";
import { FakeRoom } from "../support/room-of";

const ROLES = { ada: "candidate", bob: "interviewer" } as const;

test.each([false, true])("is told what went past it; far behind: %s", (far) => {
  const room = new FakeRoom(ROLES);
  const ada = room.enter("ada", "candidate", 1);
  const bob = room.enter("bob", "interviewer", 2);
  room.settle();
  const { server } = room;
  const links = server.wires.length;
  bob.types("before ");
  room.settle();
  server.fill("bob");
  for (const word of ["one ", "two ", "three "]) {
    ada.types(word);
    room.settle();
    bob.types(`${word.toUpperCase()}`, 0);
    void bob.client.chat(word);
    room.settle();
  }
  expect(bob.text).toBe("THREE TWO ONE before ");
  bob.types("on its way ", 0);
  server.drain("bob", { far });
  bob.types("meanwhile ", 0);
  room.settle();
  expect(server.text()).toBe("meanwhile on its way THREE TWO ONE before one two three ");
  expect([ada.text, bob.text]).toEqual([server.text(), server.text()]);
  expect(bob.status).toBe("saved");
  expect(server.recorded("chat")).toHaveLength(3);
  expect(bob.client.state.chat).toEqual(ada.client.state.chat);
  expect(server.wires).toHaveLength(links);
  bob.types("and on", 0);
  room.pass(20_000);
  expect(ada.text).toBe(server.text());
  expect(server.wires).toHaveLength(links);
});
