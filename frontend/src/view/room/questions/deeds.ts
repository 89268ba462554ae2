/** What a person can do with questions and their tests, each with its refusal told in words. */
import { signal } from "@preact/signals";
import type { JudgementInfo } from "../../../../../protocol/ts/api";
import { Api, ApiError } from "../../../room/api";
import { newId } from "../../../room/ids";
import { notify } from "../../parts/notices";
import { runObstacle } from "../deeds";
import type { Desk } from "../desk";
import { shape, tab } from "../layout";

/** What was asked for of judgements whose tests this page was not told one by one. */
export const fetched = signal<ReadonlyMap<string, JudgementInfo>>(new Map());

function api({ model }: Desk): Api {
  return new Api({ token: () => model.client.token });
}

function words(problem: unknown): string {
  return problem instanceof ApiError ? problem.message : String(problem);
}

/** A call that is said to have failed where it did. */
async function told(deed: Promise<unknown>, refused: string): Promise<boolean> {
  try {
    await deed;
    return true;
  } catch (problem) {
    notify(`${refused}: ${words(problem)}`, "warning");
    return false;
  }
}

/** Under which name the tests of a question were asked for where no answer came: asked again, they run once. */
const unanswered = new Map<string, string>();

export async function runTests(desk: Desk, question: string): Promise<void> {
  const { room } = desk.model;
  const id = unanswered.get(`${room} ${question}`) ?? newId(Math.random);
  unanswered.set(`${room} ${question}`, id);
  const call = api(desk).runTests(room, question, id);
  const lost = await call.then(
    () => false,
    (problem) => problem instanceof ApiError && problem.status === 0,
  );
  if (!lost) unanswered.delete(`${room} ${question}`);
  await told(call, "The tests were not run");
}

export async function cancelTests(desk: Desk, question: string, judgement: string): Promise<void> {
  await told(api(desk).cancelTests(desk.model.room, question, judgement), "The tests were not stopped");
}

/** In the room's own kernel, where everybody sees what they print. */
export async function runExamples(desk: Desk, question: string): Promise<void> {
  const obstacle = runObstacle(desk);
  if (obstacle !== null) {
    notify(obstacle, "warning");
    return;
  }
  const call = api(desk).runExamples(desk.model.room, question, newId(Math.random));
  if ((await told(call, "The examples were not run")) && shape.value === "narrow") tab.value = "output";
}

export async function fetchResults(desk: Desk, question: string, judgement: string): Promise<void> {
  const call = api(desk).judgement(desk.model.room, question, judgement);
  if (await told(call, "The results were not read"))
    fetched.value = new Map(fetched.value).set(judgement, await call);
}

/** A question as its file has it; the server says what is wrong with the rest. */
export interface Draft {
  id: string;
  title: string;
  whole: unknown;
}

/** The questions in a JSON file: one, or a list of them. Throws words for whoever chose the file. */
export function readDrafts(text: string): Draft[] {
  if (text.trim() === "") throw new Error("It is empty.");
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (problem) {
    throw new Error(`It is not JSON: ${problem instanceof Error ? problem.message : problem}.`);
  }
  const list: unknown[] = Array.isArray(raw) ? raw : [raw];
  if (list.length === 0) throw new Error("There is no question in it.");
  return list.map((whole) => {
    const { id, title } = (typeof whole === "object" && whole !== null ? whole : {}) as Record<
      string,
      unknown
    >;
    if (typeof id !== "string" || id === "")
      throw new Error('A question is an object with an "id", a "title" and, for example, "tests".');
    if (!/^[a-z0-9-]+$/.test(id))
      throw new Error(`The id “${id.slice(0, 60)}” may have lower-case letters, digits and dashes alone.`);
    return { id, title: typeof title === "string" ? title : id, whole };
  });
}

/** Rejects with an ApiError that says what is wrong with it. */
export async function addQuestion(desk: Desk, { id, whole }: Draft): Promise<void> {
  await api(desk).putQuestion(desk.model.room, id, whole);
}
