// The table of roles: what each may do and which streams of the log each may read.

export const ROLES = ["observer", "candidate", "interviewer", "host"] as const;
export type Role = (typeof ROLES)[number];

const OBSERVER = ["read"] as const;
const CANDIDATE = [
  ...OBSERVER,
  "edit",
  "relay",
  "chat",
  "file.create",
  "file.rename",
  "run",
  "run.cancel",
  "interrupt",
  "restart",
  "input",
  "tests.run",
  "tests.cancel",
] as const;
const INTERVIEWER = [
  ...CANDIDATE,
  "file.delete",
  "end",
  "revoke",
  "remove",
  "download",
  "data.add",
  "data.remove",
  "attach",
  "question.add",
] as const;

export type Action = (typeof INTERVIEWER)[number];

const ALLOWED: Record<Role, ReadonlySet<string>> = {
  observer: new Set(OBSERVER),
  candidate: new Set(CANDIDATE),
  interviewer: new Set(INTERVIEWER),
  host: new Set(INTERVIEWER),
};

export function allows(role: Role, action: Action): boolean {
  return ALLOWED[role].has(action);
}

/** The streams that this participant may read; everyone reads `room` and their own. */
export function streams(role: Role, participant: string): string[] {
  const own = `person/${participant}`;
  return role === "interviewer" || role === "host" ? ["room", "interviewers", own] : ["room", own];
}
