// Whole rooms at random, each from its seed: whatever the network does, nothing is lost, doubled or different.

import { expect, test } from "vitest";
import { applyAll } from "../../src/room/apply";
import { EMPTY } from "../../src/room/state";
import { Storm } from "../support/storm";

const STEPS = 400;
const SEEDS = Array.from({ length: 20 }, (_, seed) => seed + 1);

test.each(SEEDS)("seed %i", (seed) => {
  const storm = new Storm(seed);
  for (let step = 0; step < STEPS; step += 1) storm.step();
  storm.calm();
  const { server, people } = storm.room;
  const text = server.text();
  expect(text.match(/<\d+>/g)?.sort() ?? []).toEqual([...storm.words].sort());
  expect(text).toHaveLength(storm.words.join("").length);
  expect(
    server
      .recorded("chat")
      .map((body) => body.text)
      .sort(),
  ).toEqual([...storm.lines].sort());
  const state = applyAll(EMPTY, server.log);
  for (const { client, text: theirs, status, notices } of people) {
    expect(status).toBe("saved");
    expect(theirs).toBe(text);
    // Own edits are acked without an entry, so a client's own head may be a little behind.
    expect(client.state).toEqual({ ...state, seq: client.state.seq, at: client.state.at });
    expect(notices.filter(({ tone }) => tone === "warning")).toEqual([]);
  }
});
