/** What a new room may be set to, as small choices under its title; whatever is left alone is the server's default. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { EnvironmentInfo } from "../../../../protocol/ts/api";
import { ApiError } from "../../room/api";
import { hostApi } from "../session";

export interface RoomSettings {
  environment?: string;
  time_limit_s?: number;
  completion?: boolean;
  hover?: boolean;
  signatures?: boolean;
  diagnostics?: boolean;
  formatting?: boolean;
}

const HELP = [
  ["completion", "Completion", "Names as one types"],
  ["hover", "Explanations", "What a name means, at the pointer or by key"],
  ["signatures", "Parameters", "Of the call that is being written"],
  ["diagnostics", "Mistakes", "Underlined after a pause"],
  ["formatting", "Tidy up (Ruff)", "Tidies up and checks a file when somebody asks"],
] as const;

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
      <EnvironmentField settings={settings} />
      <EditorHelpField settings={settings} />
    </div>
  );
}

/** Some interviews want none of it. */
function EditorHelpField({ settings }: { settings: Signal<RoomSettings> }) {
  return (
    <fieldset class="room-setting" aria-label="Editor help">
      <span>Editor help</span>
      <span class="room-switches">
        {HELP.map(([name, label, title]) => (
          <label key={name} title={title}>
            <input
              type="checkbox"
              checked={settings.value[name] !== false}
              onChange={({ currentTarget }) => {
                settings.value = { ...settings.value, [name]: currentTarget.checked };
              }}
            />
            {label}
          </label>
        ))}
      </span>
    </fieldset>
  );
}

/** Asked for again whenever somebody is about to choose: environments come and go while the server runs. */
function EnvironmentField({ settings }: { settings: Signal<RoomSettings> }) {
  const offered = useSignal<readonly EnvironmentInfo[] | null>(null);
  const refresh = async () => {
    try {
      offered.value = await hostApi.environments();
    } catch (problem) {
      if (!(problem instanceof ApiError)) throw problem;
      offered.value = []; // the room gets the default then
    }
  };
  useEffect(() => {
    void refresh();
  }, []);
  const list = offered.value;
  if (list !== null && list.length < 2) return null;
  return (
    <label class="room-setting">
      Code runs on
      <select
        class="field"
        disabled={list === null}
        value={settings.value.environment ?? list?.[0]?.name}
        onFocus={refresh}
        onChange={({ currentTarget }) => {
          settings.value = { ...settings.value, environment: currentTarget.value };
        }}
      >
        {list?.map(({ name, title }) => (
          <option key={name} value={name}>
            {name} ({title})
          </option>
        ))}
      </select>
    </label>
  );
}
