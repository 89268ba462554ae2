/** The way into a room: the join page first, the same seat again after a reload, a plain page where no way leads in. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Joined } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";
import type { Lazy } from "../lazy";
import { DeadEnd } from "../parts/page";
import { follow, fragment } from "../router";
import { readHandover } from "./handover";
import { useInvitation } from "./invitation";
import { JoinPage } from "./join-page";
import { forgetSeat, recallSeat, rememberSeat } from "./seat-memory";

/** What lies behind the gate: the room, or its replay. */
export interface Admitted {
  room: string;
  invite: string;
  joined: Joined;
  /** Joins again in the same seat, for a token that expired while this page slept. */
  again: () => Promise<string>;
}

type State =
  | { at: "asking"; error: string }
  | { at: "joining"; again: boolean }
  | { at: "refused"; problem: ApiError }
  | { at: "in"; admitted: Admitted };

interface GateProps {
  room: string;
  /** Loaded while the person reads the join page. */
  inside: Lazy<{ admitted: Admitted }>;
  purpose: "work" | "replay";
}

export function Gate({ room, inside: Inside, purpose }: GateProps) {
  const invite = useInvite();
  const kept = recallSeat(invite);
  const state = useSignal<State>(
    kept === null ? { at: "asking", error: "" } : { at: "joining", again: true },
  );
  const join = async (name: string, resume?: string) => {
    state.value = { at: "joining", again: resume !== undefined };
    state.value = await attempt(room, invite, name, resume);
  };
  useEffect(() => {
    Inside.preload();
    if (kept !== null && invite !== "") void join(kept.name, kept.resume);
  }, []);
  const look = useInvitation(invite);
  const ended = look.is === "good" && look.invitation.ended ? look.invitation : null;
  useEffect(() => {
    // Nothing of an ended session is recorded any more: a name is not asked for.
    if (ended && purpose === "replay" && state.value.at === "asking") void join(READER);
  }, [ended]);
  if (invite === "") return <Incomplete />;
  if (look.is === "refused" && state.value.at !== "in") return <Refused problem={look.problem} />;
  if (look.is === "good" && look.invitation.room !== room) return <Refused problem={WRONG_ROOM} />;
  switch (state.value.at) {
    case "in":
      return <Inside admitted={state.value.admitted} />;
    case "joining":
      if (state.value.again) return <Returning name={kept?.name ?? ""} />;
      break;
    case "refused":
      return <Refused problem={state.value.problem} />;
  }
  const error = state.value.at === "asking" ? state.value.error : "";
  const aboutToRead = ended !== null && purpose === "replay" && error === "";
  if (look.is === "asking" || aboutToRead) return <div class="loading" aria-busy="true" />;
  if (ended && purpose === "work") {
    return <Ended title={ended.title} room={room} invite={invite} read={() => void join(READER)} />;
  }
  return (
    <JoinPage
      invitation={look.is === "good" ? look.invitation : null}
      purpose={purpose}
      busy={state.value.at === "joining"}
      name={kept?.name ?? ""}
      error={error}
      join={(name) => void join(name)}
    />
  );
}

/** Of the address; a seat that was handed over with it is remembered, and leaves the address at once. */
function useInvite(): string {
  const address = fragment.value;
  return useMemo(() => {
    const { invite, seat } = readHandover(address);
    if (seat === null) return invite;
    history.replaceState(history.state, "", `${location.pathname}#${invite}`);
    rememberSeat(invite, seat);
    return invite;
  }, [address]);
}

/** After a reload: no form flashes up, and the words show only where it takes a while. */
function Returning({ name }: { name: string }) {
  return (
    <div class="loading" aria-busy="true">
      <p class="muted loading-words">Coming back as {name}…</p>
    </div>
  );
}

const READER = "Reader";

function Ended({
  title,
  room,
  invite,
  read,
}: {
  title: string;
  room: string;
  invite: string;
  read: () => void;
}) {
  return (
    <DeadEnd
      title={title}
      text="This session has ended. All that happened in it is kept: it can be replayed, or the room read as it was left."
    >
      <a class="button primary" href={`/replay/${encodeURIComponent(room)}#${invite}`} onClick={follow}>
        Watch the replay
      </a>
      <button type="button" class="button plain" onClick={read}>
        Read the room
      </button>
    </DeadEnd>
  );
}

async function attempt(room: string, invite: string, name: string, resume?: string): Promise<State> {
  const api = new Api();
  try {
    const joined = await api.join({ invite, name, ...(resume === undefined ? {} : { resume }) });
    if (joined.room !== room) return { at: "refused", problem: WRONG_ROOM };
    rememberSeat(invite, { name, resume: joined.resume });
    const again = async () => {
      const back = await api.join({ invite, name, resume: joined.resume });
      if (back.participant !== joined.participant) throw SOMEBODY_ELSE;
      return back.token;
    };
    return { at: "in", admitted: { room, invite, joined, again } };
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    if (problem.status === 0 || problem.status >= 500) return { at: "asking", error: problem.message };
    if (problem.status === 400 || problem.status === 422) {
      forgetSeat(invite);
      return { at: "asking", error: problem.message };
    }
    return { at: "refused", problem };
  }
}

/** The old seat is gone: this page cannot go on as somebody new without a word. */
const SOMEBODY_ELSE = new ApiError({
  type: "about:blank",
  title: "Removed",
  status: 403,
  detail: "You were removed from this room.",
});

const WRONG_ROOM = new ApiError({
  type: "about:blank",
  title: "Another room",
  status: 404,
  detail: "The two halves of this link belong to different rooms.",
});

function Incomplete() {
  return (
    <DeadEnd
      title="This link is cut short"
      text="The invite is the part after the # sign, and it is missing. Copy the whole link again, or ask for a new one."
    />
  );
}

function Refused({ problem }: { problem: ApiError }) {
  const again = (
    <button type="button" class="button plain" onClick={() => location.reload()}>
      Try again
    </button>
  );
  if (problem.status === 429) {
    return (
      <DeadEnd title="One moment" text="The server is busy with too many visitors. Try again in a minute.">
        {again}
      </DeadEnd>
    );
  }
  return (
    <DeadEnd
      title="This link opens no room"
      text={`${problem.message} If you copied it, make sure that it is whole.`}
    >
      {again}
    </DeadEnd>
  );
}
