// Typed calls of the HTTP contract; the token is handed in by the caller and kept nowhere here.

import type {
  CreatedRoom,
  CreateRoom,
  EnvironmentInfo,
  FreshToken,
  Invitation,
  Joined,
  JoinRequest,
  JudgementInfo,
  Links,
  Problem,
  RoomInfo,
  RoomSummary,
  RunInfo,
  RunRequest,
  TimelinePage,
} from "../../../protocol/ts/api";

/** A refused or failed call; status 0 means that the server could not be reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
  readonly type: string;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = "ApiError";
    this.status = problem.status;
    this.title = problem.title;
    this.detail = problem.detail ?? "";
    this.type = problem.type;
  }
}

export interface ApiOptions {
  /** Where the API lives; default: this page's origin. */
  base?: string;
  /** The bearer for each call, read when the call is made. */
  token?: () => string | null;
  fetch?: typeof fetch;
}

interface Call {
  method?: string;
  body?: unknown;
  signal?: AbortSignal;
}

export class Api {
  readonly #base: string;
  readonly #token: () => string | null;
  readonly #fetch: typeof fetch;

  constructor(options: ApiOptions = {}) {
    this.#base = options.base ?? "";
    this.#token = options.token ?? (() => null);
    this.#fetch = options.fetch ?? ((...args) => fetch(...args));
  }

  createRoom(body: CreateRoom): Promise<CreatedRoom> {
    return this.#call("/api/rooms", { method: "POST", body });
  }

  /** The host's list; needs the admin key. */
  async rooms(): Promise<RoomSummary[]> {
    const answer = await this.#call<{ rooms: RoomSummary[] }>("/api/rooms");
    return answer.rooms;
  }

  /** What rooms may run on, the default first; needs the admin key. */
  async environments(): Promise<EnvironmentInfo[]> {
    const answer = await this.#call<{ environments: EnvironmentInfo[] }>("/api/environments");
    return answer.environments;
  }

  links(room: string): Promise<Links> {
    return this.#call(`${roomPath(room)}/links`);
  }

  /** Looks at an invite without using it. */
  invitation(invite: string, signal?: AbortSignal): Promise<Invitation> {
    return this.#call("/api/invite", { method: "POST", body: { invite }, ...(signal && { signal }) });
  }

  join(body: JoinRequest): Promise<Joined> {
    return this.#call("/api/join", { method: "POST", body });
  }

  freshToken(): Promise<FreshToken> {
    return this.#call("/api/token", { method: "POST" });
  }

  room(room: string): Promise<RoomInfo> {
    return this.#call(roomPath(room));
  }

  file(room: string, path: string): Promise<{ text: string; seq: number }> {
    const segments = path.split("/").map(encodeURIComponent).join("/");
    return this.#call(`${roomPath(room)}/files/${segments}`);
  }

  startRun(room: string, body: RunRequest): Promise<{ run: string }> {
    return this.#call(`${roomPath(room)}/runs`, { method: "POST", body });
  }

  /** `wait` in seconds: answer early only when the run has finished. */
  run(room: string, run: string, wait = 0): Promise<RunInfo> {
    return this.#call(`${roomPath(room)}/runs/${encodeURIComponent(run)}?wait=${wait}`);
  }

  async timeline(room: string, query: TimelineQuery): Promise<TimelinePage> {
    const { stream = "room", after, limit = 1000, kinds, signal } = query;
    const search = new URLSearchParams({ stream, after: String(after), limit: String(limit) });
    if (kinds !== undefined) search.set("kinds", kinds.join(","));
    return this.#call<TimelinePage>(`${roomPath(room)}/timeline?${search}`, signal ? { signal } : {});
  }

  /** `whole` as it stands in its file; the server checks it. */
  async putQuestion(room: string, question: string, whole: unknown): Promise<void> {
    await this.#call(questionPath(room, question), { method: "PUT", body: whole });
  }

  /** A known id is not run again. */
  async runTests(room: string, question: string, id: string): Promise<void> {
    await this.#call(`${questionPath(room, question)}/tests`, { method: "POST", body: { id } });
  }

  judgement(room: string, question: string, judgement: string): Promise<JudgementInfo> {
    return this.#call(`${questionPath(room, question)}/tests/${encodeURIComponent(judgement)}`);
  }

  async cancelTests(room: string, question: string, judgement: string): Promise<void> {
    const path = `${questionPath(room, question)}/tests/${encodeURIComponent(judgement)}`;
    await this.#call(path, { method: "DELETE" });
  }

  async runExamples(room: string, question: string, id: string): Promise<void> {
    await this.#call(`${questionPath(room, question)}/examples`, { method: "POST", body: { id } });
  }

  async end(room: string): Promise<void> {
    await this.#call(`${roomPath(room)}/end`, { method: "POST" });
  }

  async #call<T>(path: string, call: Call = {}): Promise<T> {
    const response = await this.#send(path, call);
    const text = await response.text();
    if (!response.ok) throw new ApiError(problemOf(response.status, text));
    return (text === "" ? null : parseJson(response.status, text)) as T;
  }

  async #send(path: string, { method = "GET", body, signal }: Call): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json" };
    const token = this.#token();
    if (token !== null) headers.Authorization = `Bearer ${token}`;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers, credentials: "omit", cache: "no-store" };
    if (body !== undefined) init.body = JSON.stringify(body);
    if (signal) init.signal = signal;
    try {
      return await this.#fetch(this.#base + path, init);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new ApiError(UNREACHABLE);
    }
  }
}

export interface TimelineQuery {
  stream?: string;
  /** Entries with a larger seq. */
  after: number;
  limit?: number;
  /** Only entries of these kinds. */
  kinds?: readonly string[];
  signal?: AbortSignal;
}

export const UNREACHABLE: Problem = {
  type: "about:blank",
  title: "The server could not be reached",
  status: 0,
  detail: "The server could not be reached. Check your connection and try again.",
};

export function roomPath(room: string): string {
  return `/api/rooms/${encodeURIComponent(room)}`;
}

function questionPath(room: string, question: string): string {
  return `${roomPath(room)}/questions/${encodeURIComponent(question)}`;
}

function parseJson(status: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError({ type: "about:blank", title: "The answer was not JSON", status });
  }
}

/** Proxies answer errors in HTML: whatever came, the caller gets a problem. */
export function problemOf(status: number, text: string): Problem {
  const fallback: Problem = { type: "about:blank", title: `The server answered ${status}`, status };
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? { ...fallback, ...body, status } : fallback;
  } catch {
    return fallback;
  }
}
