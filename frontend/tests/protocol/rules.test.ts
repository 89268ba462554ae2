// Outputs, paths and roles against the shared vectors.

import { describe, expect, test } from "vitest";
import { fold, type Output, type OutputItem } from "../../../protocol/ts/outputs";
import { pathKey, pathProblem } from "../../../protocol/ts/paths";
import { allows, streams } from "../../../protocol/ts/roles";
import { vectors } from "./vectors";

describe("outputs", () => {
  interface Case {
    name: string;
    items: OutputItem[];
    folded: Output[];
  }
  const { cases } = vectors<{ cases: Case[] }>("outputs");

  test.each(cases)("$name", ({ items, folded }) => {
    expect(items.reduce<readonly Output[]>(fold, [])).toEqual(folded);
  });

  test("what does not fit any more is counted", () => {
    const error: OutputItem = { output_type: "error", ename: "E", evalue: "", traceback: [] };
    const outputs = Array.from({ length: 1002 }, () => error).reduce<readonly Output[]>(fold, []);
    expect(outputs).toHaveLength(1001);
    expect(outputs.at(-1)).toEqual({ output_type: "dropped", bytes: 2 * 46 });
  });
});

describe("paths", () => {
  const paths = vectors<{ good: string[]; bad: string[]; same: [string, string][] }>("paths");

  test.each(paths.good)("%j is good", (path) => {
    expect(pathProblem(path)).toBeNull();
  });

  test.each(paths.bad)("%j is refused in words", (path) => {
    expect(pathProblem(path)).toMatch(/^[A-Z].*[.]$/);
  });

  test.each(paths.same)("%j and %j are one file", (one, other) => {
    expect(pathKey(one)).toBe(pathKey(other));
    expect(pathProblem(other, [one])).toMatch(/already/);
  });
});

test("an observer may read and nothing else", () => {
  expect(allows("observer", "read")).toBe(true);
  for (const action of ["edit", "chat", "run", "end"] as const)
    expect(allows("observer", action)).toBe(false);
});

test("only interviewers and the host read what interviewers write", () => {
  expect(streams("candidate", "p-1")).toEqual(["room", "person/p-1"]);
  expect(streams("host", "p-2")).toContain("interviewers");
});
