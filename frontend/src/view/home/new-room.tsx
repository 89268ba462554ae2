/** A title, a few settings and one button: makes a room and hands its links up. */
import { useSignal } from "@preact/signals";
import type { CreatedRoom } from "../../../../protocol/ts/api";
import { ApiError } from "../../room/api";
import { Icon } from "../parts/icon";
import { notify } from "../parts/notices";
import { hostApi } from "../session";
import { type RoomSettings, RoomSettingsFields } from "./room-settings";

const TITLE_MAX = 200;

export function NewRoom({ onMade }: { onMade: (room: CreatedRoom & { title: string }) => void }) {
  const title = useSignal("");
  const settings = useSignal<RoomSettings>({});
  const busy = useSignal(false);
  const make = async (event: Event) => {
    event.preventDefault();
    const name = title.value.trim() || "Pair programming";
    busy.value = true;
    try {
      const room = { title: name, settings: { ...settings.value } };
      onMade({ ...(await hostApi.createRoom(room)), title: name });
      title.value = "";
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      notify(`The room was not made. ${problem.detail || problem.title}`, "warning");
    }
    busy.value = false;
  };
  return (
    <form class="new-room" onSubmit={make}>
      <div class="new-room-title">
        <input
          class="field"
          aria-label="Title of the new room"
          placeholder="Title, such as “Backend, round 2”"
          maxLength={TITLE_MAX}
          value={title.value}
          onInput={(event) => {
            title.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="button primary" disabled={busy.value}>
          <Icon name="plus" />
          Make a room
        </button>
      </div>
      <RoomSettingsFields settings={settings} />
    </form>
  );
}
