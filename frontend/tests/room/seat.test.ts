// What a tab remembers over a reload, also where the browser gives it no storage.

import { afterEach, expect, test, vi } from "vitest";
import { forgetSeat, keepSeat, recallSeat } from "../../src/room/seat";

afterEach(() => vi.unstubAllGlobals());

test("the resume text comes back after a reload, for its room only", () => {
  const kept = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  keepSeat("r-1", "resume-text");
  expect(recallSeat("r-1")).toBe("resume-text");
  expect(recallSeat("r-2")).toBeNull();
  forgetSeat("r-1");
  expect(recallSeat("r-1")).toBeNull();
});

test("storage that throws is as if there were none", () => {
  vi.stubGlobal("sessionStorage", {
    getItem: () => {
      throw new Error("denied");
    },
    setItem: () => {
      throw new Error("denied");
    },
  });
  keepSeat("r-1", "resume-text");
  expect(recallSeat("r-1")).toBeNull();
});

test("no storage at all is no fault either", () => {
  expect(recallSeat("r-1")).toBeNull();
});
