/** Rooms now and recent sessions, asked for again every few seconds while the page is looked at. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { CreatedRoom, RoomSummary } from "../../../../protocol/ts/api";
import { ApiError } from "../../room/api";
import { Confirm } from "../parts/confirm";
import { Notices } from "../parts/notices";
import { hostApi } from "../session";
import { LinksDialog } from "./links";
import { NewRoom } from "./new-room";
import { RoomRow } from "./room-row";

const REFRESH_MS = 5000;

export function Dashboard() {
  const rooms = useSignal<readonly RoomSummary[] | null>(null);
  const error = useSignal("");
  const made = useSignal<(CreatedRoom & { title: string }) | null>(null);
  const refresh = async () => {
    try {
      rooms.value = await hostApi.rooms();
      error.value = "";
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      error.value = problem.detail || problem.title;
    }
  };
  useEffect(() => {
    void refresh();
    const timer = setInterval(() => {
      if (!document.hidden) void refresh();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  const open = (rooms.value ?? []).filter((room) => room.ended_at === null).sort(byPeople);
  const ended = (rooms.value ?? []).filter((room) => room.ended_at !== null).sort(byLast);
  return (
    <>
      <div class="dash-head">
        <h1>Rooms</h1>
        <NewRoom
          onMade={(room) => {
            made.value = room;
            void refresh();
          }}
        />
      </div>
      {error.value !== "" && (
        <p class="banner banner-warn rounded">{error.value} This list may be out of date.</p>
      )}
      <RoomSection title="Open now" known={rooms.value !== null} rooms={open} changed={refresh}>
        <h3>No open room</h3>
        <p>Give a room a title above. You get a link for the interviewer and one for the candidate.</p>
      </RoomSection>
      <RoomSection title="Recent sessions" known={rooms.value !== null} rooms={ended} changed={refresh}>
        <h3>Nothing to replay yet</h3>
        <p>When a room is ended, its whole session stays here and can be played back.</p>
      </RoomSection>
      {made.value && (
        <LinksDialog
          title={made.value.title}
          links={made.value.links}
          onClose={() => {
            made.value = null;
          }}
        />
      )}
      <Confirm />
      <Notices />
    </>
  );
}

interface SectionProps {
  title: string;
  known: boolean;
  rooms: readonly RoomSummary[];
  changed: () => void;
  children: ComponentChildren;
}

function RoomSection({ title, known, rooms, changed, children }: SectionProps) {
  return (
    <section class="dash-section">
      <h2>
        {title} {rooms.length > 0 && <span class="faint dash-count">{rooms.length}</span>}
      </h2>
      {rooms.length > 0 ? (
        <ul class="room-list">
          {rooms.map((room) => (
            <RoomRow key={room.id} room={room} changed={changed} />
          ))}
        </ul>
      ) : (
        <div class="empty card">{known ? children : <p>Loading…</p>}</div>
      )}
    </section>
  );
}

function byPeople(a: RoomSummary, b: RoomSummary): number {
  return b.people_online - a.people_online || byLast(a, b);
}

function byLast(a: RoomSummary, b: RoomSummary): number {
  return b.last_at - a.last_at;
}
