import { describe, expect, it } from "vitest";
import type { CborMap } from "../../../protocol/ts/cbor";
import type { Entry } from "../../../protocol/ts/entries";
import { applyAll } from "../../src/room/apply";
import { applyPrivate, NOTHING_PRIVATE } from "../../src/room/private";
import { EMPTY } from "../../src/room/state";

let seq = 0;

function entry(kind: string, body: CborMap, stream = "room"): Entry {
  seq += 1;
  return { stream, seq, at: seq * 1000, actor: "kernel", kind, body };
}

const service = (port: number, state: string) => entry("service", { port, state });

describe("services of questions", () => {
  it("are known by their ports, as they were told last", () => {
    const told = [entry("kernel", { state: "idle" }), service(8080, "running"), service(8081, "running")];
    const { services } = applyAll(EMPTY, [
      ...told,
      service(8080, "failed"),
      entry("kernel", { state: "busy" }),
    ]);
    expect([...services.values()].map(({ port, state }) => [port, state])).toEqual([
      [8080, "failed"],
      [8081, "running"],
    ]);
  });

  it("end with their kernel", () => {
    for (const state of ["none", "starting", "dead", "unavailable"])
      expect(applyAll(EMPTY, [service(8080, "running"), entry("kernel", { state })]).services.size).toBe(0);
  });

  it("have a last error, for interviewers", () => {
    const told = ["one", "two"].map((text) =>
      entry("service.detail", { port: 8080, text, after: 1 }, "interviewers"),
    );
    expect(applyPrivate(NOTHING_PRIVATE, told).faults.get(8080)).toBe("two");
    expect(applyAll(EMPTY, told)).toBe(EMPTY);
  });
});
