// The name of a page is one page's at a time, by the browser's locks and by asking around alike.

import { expect, test } from "vitest";
import { byLocks, byQuestions, type Tenancy } from "../../src/room/tenancy";

const WAYS: [string, () => { tenancy: Tenancy; die: () => void }][] = [
  [
    "locks",
    () => {
      const tenancy = byLocks(navigator.locks);
      return { tenancy, die: () => tenancy.release("a") };
    },
  ],
  [
    "questions",
    () => {
      const channel = new BroadcastChannel("fourhands.pages");
      return { tenancy: byQuestions(channel), die: () => channel.close() };
    },
  ],
];

/** True when the name is held within the time in which an answer may be expected. */
function holds(tenancy: Tenancy, name: string): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => {
    setTimeout(() => resolve(false), (tenancy.patience ?? 0) + 200);
  });
  return Promise.race([tenancy.hold(name).then(() => true), late]);
}

test.each(WAYS)(
  "%s: a name that nobody has is ours; one that a page has is not, until the page ends",
  async (_, open) => {
    const [one, two, three] = [open(), open(), open()];
    expect(await holds(one.tenancy, "a")).toBe(true);
    expect(await holds(two.tenancy, "b")).toBe(true);
    expect(await holds(two.tenancy, "a")).toBe(false);
    one.die();
    expect(await holds(three.tenancy, "c")).toBe(true);
    if (_ === "questions") expect(await holds(three.tenancy, "a")).toBe(true);
    for (const { tenancy, die } of [two, three]) {
      for (const name of ["a", "b", "c"]) tenancy.release(name);
      die();
    }
  },
);

test("of two pages that ask for the same name at once only one has it", async () => {
  const channels = [1, 2].map(() => new BroadcastChannel("fourhands.pages"));
  const [one, two] = channels.map(byQuestions);
  const answers = await Promise.all([one, two].map((each) => each && holds(each, "same")));
  expect(answers.filter(Boolean)).toHaveLength(1);
  for (const channel of channels) channel.close();
});
