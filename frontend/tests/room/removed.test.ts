// Somebody who was shown out: the page says so, and does not join again of its own accord.

import { expect, test, vi } from "vitest";
import { FakeRoom } from "../support/room-of";

function withCarl(renewToken: () => Promise<string>) {
  const room = new FakeRoom({ carl: "candidate", ivy: "interviewer" });
  const carl = room.enter("carl", "candidate", 1, { renewToken });
  room.settle();
  return { room, carl, server: room.server };
}

test("whoever was removed is told so and asks for no new token", async () => {
  const renewToken = vi.fn(async () => "carl");
  const { room, carl, server } = withCarl(renewToken);
  server.happens("person.removed", { person: "carl" });
  room.settle();
  server.close("carl", 4401);
  room.settle();
  await Promise.resolve();
  expect(carl.client.status).toMatchObject({ kind: "closed", reason: "You were removed from this room." });
  expect(carl.client.writable).toBe(false);
  expect(renewToken).not.toHaveBeenCalled();
});

test("an expired token is another matter: the page comes back with a new one", async () => {
  const renewToken = vi.fn(async () => "carl");
  const { room, carl, server } = withCarl(renewToken);
  server.close("carl", 4401);
  room.settle();
  await vi.waitFor(() => {
    room.settle();
    expect(carl.status).toBe("saved");
  });
  expect(renewToken).toHaveBeenCalledOnce();
});
