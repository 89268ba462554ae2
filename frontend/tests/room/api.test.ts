// The calls of the HTTP contract: what is sent, and every way in which an answer can fail.

import { expect, test } from "vitest";
import { Api, ApiError } from "../../src/room/api";

interface Asked {
  url: string;
  init: RequestInit;
}

function answering(status: number, body: string, asked: Asked[] = []): typeof fetch {
  return (url, init) => {
    asked.push({ url: String(url), init: init ?? {} });
    return Promise.resolve(new Response(status === 204 ? null : body, { status }));
  };
}

async function failure(doing: Promise<unknown>): Promise<ApiError> {
  const error = await doing.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

test("the token rides in the header and nowhere else", async () => {
  const asked: Asked[] = [];
  const api = new Api({ token: () => "secret", fetch: answering(200, '{"entries":[],"head":0}', asked) });
  await api.timeline("r 1", { after: 5 });
  expect(asked[0]?.url).toBe("/api/rooms/r%201/timeline?stream=room&after=5&limit=1000");
  expect(asked[0]?.init).toMatchObject({
    credentials: "omit",
    headers: { Accept: "application/json", Authorization: "Bearer secret" },
  });
});

test("a file's path keeps its folders", async () => {
  const asked: Asked[] = [];
  const api = new Api({ base: "http://h", fetch: answering(200, "{}", asked) });
  await api.file("r", "src/two words.py");
  expect(asked[0]?.url).toBe("http://h/api/rooms/r/files/src/two%20words.py");
});

test("a problem becomes an error with its fields", async () => {
  const problem = { type: "bad-invite", title: "Forbidden", detail: "Ask for a new one.", status: 403 };
  const error = await failure(new Api({ fetch: answering(403, JSON.stringify(problem)) }).freshToken());
  expect(error).toMatchObject({ status: 403, type: "bad-invite", detail: "Ask for a new one." });
  expect(error.message).toBe("Ask for a new one.");
});

test("an error page of a proxy is a problem too", async () => {
  const error = await failure(new Api({ fetch: answering(502, "<html>Bad Gateway") }).rooms());
  expect(error).toMatchObject({ status: 502, title: "The server answered 502" });
});

test("an answer that is not JSON is an error", async () => {
  const error = await failure(new Api({ fetch: answering(200, "<html>") }).room("r"));
  expect(error.title).toBe("The answer was not JSON");
});

test("no server is status 0, in words", async () => {
  const error = await failure(new Api({ fetch: () => Promise.reject(new TypeError("failed")) }).room("r"));
  expect(error.status).toBe(0);
  expect(error.message).toMatch(/could not be reached/);
});
