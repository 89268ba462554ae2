// A room whose log lost its tail: what the pages still hold goes back into it, once and in order.

import { describe, expect, test } from "vitest";
import { FakeRoom } from "../support/room-of";

const ROLES = { ada: "candidate", bob: "interviewer", eve: "observer" } as const;

/** Two people, a text that the log keeps, and one that it will have lost. */
function roomThatLoses() {
  const room = new FakeRoom(ROLES);
  const ada = room.enter("ada", "candidate", 1);
  const bob = room.enter("bob", "interviewer", 2);
  room.settle();
  ada.types("kept ");
  room.settle();
  const { server } = room;
  const kept = server.log.length;
  return { room, ada, bob, server, kept };
}

describe("after the log lost its tail", () => {
  test("the first who is back brings everybody's text", () => {
    const { room, ada, bob, server, kept } = roomThatLoses();
    ada.types("lost ");
    room.settle();
    bob.types("too ");
    room.settle();
    server.loseTail(kept);
    expect(server.text()).toBe("kept ");
    room.pass(40_000);
    expect(server.text()).toBe("kept lost too ");
    expect([ada.text, bob.text]).toEqual(["kept lost too ", "kept lost too "]);
    expect([ada.status, bob.status]).toEqual(["saved", "saved"]);
    expect(server.recorded("edit").filter(({ relayed }) => relayed)).not.toEqual([]);
  });

  test("what was typed meanwhile stands behind what it builds on, and other requests keep their order", () => {
    const { room, ada, bob, server, kept } = roomThatLoses();
    bob.types("lost ");
    room.settle();
    server.loseTail(kept);
    ada.types("away ");
    void ada.client.chat("a word");
    ada.types("and more");
    room.pass(40_000);
    expect(server.text()).toBe("kept lost away and more");
    expect(server.recorded("chat")).toHaveLength(1);
    expect([ada.text, bob.text]).toEqual([server.text(), server.text()]);
    expect([ada.status, bob.status]).toEqual(["saved", "saved"]);
    expect(ada.client.recovered).toBeNull();
  });

  test("deletions come back although no clock tells of them", () => {
    const { room, ada, bob, server, kept } = roomThatLoses();
    ada.erases(0, 2);
    room.settle();
    server.loseTail(kept);
    room.pass(40_000);
    expect([server.text(), ada.text, bob.text]).toEqual(["pt ", "pt ", "pt "]);
  });

  test("a link that goes before the ack brings nothing twice", () => {
    const { room, ada, bob, server, kept } = roomThatLoses();
    ada.types("lost ");
    room.settle();
    server.loseTail(kept);
    for (let cut = 0; cut < 3; cut += 1) {
      room.pass(1_000);
      ada.types(`${cut} `);
      server.crash();
    }
    room.pass(40_000);
    expect(server.text()).toBe("kept lost 0 1 2 ");
    expect([ada.text, bob.text]).toEqual([server.text(), server.text()]);
  });

  test("what the room does not take is kept for its writer as text", () => {
    const { room, ada, server, kept } = roomThatLoses();
    ada.types("lost ");
    room.settle();
    server.refusals.set("relay", { code: "forbidden", message: "Too late." });
    server.loseTail(kept);
    room.pass(40_000);
    expect(server.text()).toBe("kept ");
    expect(ada.text).toBe("kept ");
    expect(ada.client.recovered?.files).toEqual([{ path: "main.py", text: "kept lost " }]);
  });
});
