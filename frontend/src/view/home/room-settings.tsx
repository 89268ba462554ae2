/** What a new room may be set to, as small choices under its title; whatever is left alone is the server's default. */
import type { Signal } from "@preact/signals";

export interface RoomSettings {
  time_limit_s?: number;
}

const LIMITS = [
  [10, "10 s"],
  [30, "30 s"],
  [60, "1 min"],
  [120, "2 min"],
  [300, "5 min"],
  [900, "15 min"],
  [3600, "1 hour"],
] as const;
const USUAL = 120;

export function RoomSettingsFields({ settings }: { settings: Signal<RoomSettings> }) {
  return (
    <div class="room-settings">
      <label class="room-setting">
        A run is stopped after
        <select
          class="field"
          value={settings.value.time_limit_s ?? USUAL}
          onChange={({ currentTarget }) => {
            settings.value = { ...settings.value, time_limit_s: Number(currentTarget.value) };
          }}
        >
          {LIMITS.map(([seconds, words]) => (
            <option key={seconds} value={seconds}>
              {words}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
