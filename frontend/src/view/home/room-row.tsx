/** One room in the host's list: what it is, who is in it, and what can be done with it. */
import { useSignal } from "@preact/signals";
import type { Links, RoomSummary } from "../../../../protocol/ts/api";
import { ApiError } from "../../room/api";
import { day, plural, sessionLength } from "../clock";
import { Avatar } from "../parts/avatar";
import { confirm } from "../parts/confirm";
import { Icon } from "../parts/icon";
import { notify } from "../parts/notices";
import { follow } from "../router";
import { hostApi } from "../session";
import { LinksDialog } from "./links";

const FACES = 5;

export function RoomRow({ room, changed }: { room: RoomSummary; changed: () => void }) {
  const links = useSignal<Links | null>(null);
  const showLinks = () =>
    attempt(async () => {
      links.value = room.links ?? (await hostApi.links(room.id));
    });
  const end = async () => {
    const text = "Editing stops for everyone and the recording is closed. The session can still be replayed.";
    if (!(await confirm(`End “${room.title}”?`, text, "End session"))) return;
    await attempt(() => hostApi.end(room.id));
    changed();
  };
  return (
    <li class="room-row">
      <div class="grow">
        <div class="room-title cut">{room.title}</div>
        <div class="caption faint cut">{summary(room)}</div>
      </div>
      <Faces people={room.participants} />
      <div class="room-actions">
        {room.ended_at === null ? (
          <>
            <button type="button" class="button quiet" onClick={end}>
              End
            </button>
            <Replay room={room} kind="quiet" />
            <button type="button" class="button plain" onClick={showLinks}>
              <Icon name="share-2" />
              Links
            </button>
            {room.links && (
              <a class="button plain" href={room.links.interviewer} target="_blank" rel="noreferrer">
                <Icon name="door-open" />
                Open
              </a>
            )}
          </>
        ) : (
          <Replay room={room} kind="plain" />
        )}
      </div>
      {links.value && (
        <LinksDialog
          title={room.title}
          links={links.value}
          onClose={() => {
            links.value = null;
          }}
        />
      )}
    </li>
  );
}

function Replay({ room, kind }: { room: RoomSummary; kind: "plain" | "quiet" }) {
  if (room.head_seq === 0) return null;
  return (
    <a class={`button ${kind}`} href={`/replay/${encodeURIComponent(room.id)}`} onClick={follow}>
      {kind === "plain" && <Icon name="history" />}
      Replay
    </a>
  );
}

function Faces({ people }: { people: RoomSummary["participants"] }) {
  if (people.length === 0) return null;
  const names = people.map((person) => `${person.name} (${person.role})`).join(", ");
  return (
    <span class="faces" title={names}>
      <span class="hidden-text">{names}</span>
      {people.slice(0, FACES).map((person, at) => (
        <Avatar key={`${person.name}${at}`} name={person.name} colour={at} />
      ))}
      {people.length > FACES && <span class="caption faint">+{people.length - FACES}</span>}
    </span>
  );
}

function summary(room: RoomSummary): string {
  if (room.ended_at !== null) {
    return `Ended ${day(room.ended_at)} · ${sessionLength((room.ended_at - room.created_at) / 1000)}`;
  }
  if (room.people_online > 0) return `${plural(room.people_online, "person", "people")} here now`;
  return `Nobody here · made ${day(room.created_at)}`;
}

async function attempt(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    notify(problem.detail || problem.title, "warning");
  }
}
