/** The foot of the replay: play, jumps, speed, clock, and under them the scrubber with its lanes. */
import { SPEEDS } from "../../replay/player";
import { clock, wallClock } from "../clock";
import { Icon, type IconName } from "../parts/icon";
import { Menu } from "../parts/menu";
import { shape } from "../room/layout";
import type { ReplayModel } from "./model";
import { Track } from "./track";

export function PlayerBar({ model }: { model: ReplayModel }) {
  return (
    <section class="player" aria-label="Player">
      <div class="player-controls">
        <Clock model={model} />
        <div class="player-buttons">
          <Jump icon="chevrons-left" label="Previous run" act={() => model.step("runs", -1)} />
          <Jump icon="step-back" label="Previous edit" act={() => model.step("edits", -1)} />
          <PlayButton model={model} />
          <Jump icon="step-forward" label="Next edit" act={() => model.step("edits", 1)} />
          <Jump icon="chevrons-right" label="Next run" act={() => model.step("runs", 1)} />
        </div>
        <div class="player-wishes">
          <Pauses model={model} />
          <SpeedMenu model={model} />
        </div>
      </div>
      <Track model={model} />
    </section>
  );
}

function Jump({ icon, label, act }: { icon: IconName; label: string; act: () => void }) {
  return (
    <button type="button" class="button quiet square" aria-label={label} title={label} onClick={act}>
      <Icon name={icon} />
    </button>
  );
}

function PlayButton({ model }: { model: ReplayModel }) {
  const playing = model.playing.value;
  return (
    <button
      type="button"
      class="button primary square play-button"
      aria-label={playing ? "Pause" : "Play"}
      onClick={() => model.toggle()}
    >
      <Icon name={playing ? "pause" : "play"} size={18} />
    </button>
  );
}

/** The session's time, and the time of day it was. */
function Clock({ model }: { model: ReplayModel }) {
  const { start, end } = model.recording;
  const at = model.map.value.session(model.played.value);
  return (
    <div class="player-clock">
      <span class="player-time">{clock((at - start) / 1000)}</span>
      <span class="faint"> / {clock((end - start) / 1000)}</span>
      {shape.value !== "narrow" && <span class="caption faint player-wall">{wallClock(at)}</span>}
    </div>
  );
}

function Pauses({ model }: { model: ReplayModel }) {
  const { gaps } = model.map.value;
  const folded = gaps.every((gap) => gap.folded);
  if (gaps.length === 0) return null;
  return (
    <button
      type="button"
      class="button quiet small"
      aria-pressed={folded}
      title="Pauses longer than 5 seconds"
      onClick={() => model.foldAll(!folded)}
    >
      {folded && <Icon name="check" size={14} />}
      Skip pauses
    </button>
  );
}

function SpeedMenu({ model }: { model: ReplayModel }) {
  const choices = SPEEDS.map((speed) => ({
    label: `${speed}×`,
    checked: model.speed.value === speed,
    pick: () => model.setSpeed(speed),
  }));
  return (
    <Menu
      label={`Speed: ${model.speed.value}×`}
      choices={choices}
      class="button quiet small speed"
      side="above"
    >
      {model.speed.value}×
      <Icon name="chevron-down" size={14} />
    </Menu>
  );
}
