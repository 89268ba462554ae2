/** The scrubber and its lanes: one slider over them all, folded pauses drawn with their length. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { type Absence, type Lane, lanesOf } from "../../replay/lanes";
import { away, clock, plural } from "../clock";
import { Avatar } from "../parts/avatar";
import { LANE_HEIGHT, LaneDrawing } from "./lane-drawing";
import { NUDGE, type ReplayModel } from "./model";

/** Characters that fill a lane at least: one single letter is no mountain. */
const FULL_LEAST = 4;
/** px a bin of typing. */
const BIN = 4;

export function Track({ model }: { model: ReplayModel }) {
  const width = useSignal(0);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (body.current === null) return;
    const watch = new ResizeObserver(([entry]) => {
      width.value = Math.floor(entry?.contentRect.width ?? 0);
    });
    watch.observe(body.current);
    return () => watch.disconnect();
  }, []);
  const map = model.map.value;
  const px = width.value;
  const lanes = useMemo(() => {
    const place = (at: number) => (map.length === 0 ? 0 : map.played(at) / map.length);
    const bins = Math.max(1, Math.floor(px / BIN));
    const all = lanesOf(model.recording, { bins, place });
    return { place, full: fullBin(all), lanes: all.filter((lane) => model.people.has(lane.person)) };
  }, [map, px, model]);
  return (
    <div class="track scroll">
      <div class="track-names">
        <div class="track-pauses" />
        {lanes.lanes.map((lane) => (
          <LaneName key={lane.person} model={model} lane={lane} />
        ))}
      </div>
      <div class="track-body" ref={body}>
        <Gaps model={model} width={px} />
        {lanes.lanes.map((lane) => (
          <LaneDrawing
            key={lane.person}
            lane={lane}
            colour={model.people.get(lane.person)?.colour ?? 0}
            width={px}
            full={lanes.full}
            place={lanes.place}
          />
        ))}
        <Slider model={model} lanes={lanes.lanes} />
      </div>
    </div>
  );
}

/** Nearly the busiest stretch of typing, so that typing fills its lane and one paste does not flatten all else. */
function fullBin(lanes: readonly Lane[]): number {
  const busy = lanes.flatMap(({ bins }) => bins.map((bin) => bin.inserted).filter((count) => count > 0));
  busy.sort((a, b) => a - b);
  return Math.max(FULL_LEAST, busy[Math.floor(busy.length * 0.9)] ?? 0);
}

function LaneName({ model, lane }: { model: ReplayModel; lane: Lane }) {
  const { name, colour } = model.people.get(lane.person) ?? { name: "Someone", colour: 0 };
  const here = useComputed(() => model.present.value.get(lane.person)?.online ?? false).value;
  const lost = lane.away.filter((one) => one.lost);
  const words = lost.length > 0 ? `, ${lossesInAll(lost)}` : "";
  return (
    <div class="lane-name" title={`${name}${words}`}>
      <Avatar name={name} colour={colour} away={!here} size="s" />
      <span class="cut caption">{name}</span>
      {words !== "" && <span class="hidden-text">{words}</span>}
    </div>
  );
}

function lossesInAll(lost: readonly Absence[]): string {
  const length = lost.reduce((sum, { from, to }) => sum + to - from, 0);
  return `link lost ${lost.length === 1 ? "once" : `${lost.length} times`}, ${away(length / 1000)} in all`;
}

/** `Link lost for 14 s, 30 edits made meanwhile` */
function absence({ from, to, lost, edits }: Absence): string {
  const meanwhile = edits > 0 ? `, ${plural(edits, "edit")} made meanwhile` : "";
  return `${lost ? "Link lost" : "Away"} for ${away((to - from) / 1000)}${meanwhile}`;
}

/** Lies over everything: a click or a drag anywhere on the lanes seeks. */
function Slider({ model, lanes }: { model: ReplayModel; lanes: readonly Lane[] }) {
  const map = model.map.value;
  const share = useComputed(() => (map.length === 0 ? 0 : model.played.value / map.length)).value;
  const seek = (event: PointerEvent) => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    model.seekPlayed(((event.clientX - box.left) / Math.max(1, box.width)) * map.length);
  };
  /** The hatched stretches lie below; what they are is said for them. */
  const tell = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    const box = element.getBoundingClientRect();
    const at = map.session(((event.clientX - box.left) / Math.max(1, box.width)) * map.length);
    const lane = lanes[Math.floor((event.clientY - (box.bottom - lanes.length * LANE_HEIGHT)) / LANE_HEIGHT)];
    const there = lane?.away.find(({ from, to }) => from <= at && at <= to);
    element.title = there === undefined ? "" : absence(there);
  };
  const onPointerDown = (event: PointerEvent) => {
    const element = event.currentTarget as HTMLElement;
    element.setPointerCapture(event.pointerId);
    seek(event);
    element.onpointermove = seek;
    element.onlostpointercapture = () => {
      element.onpointermove = null;
    };
  };
  const at = map.session(model.played.value) - model.recording.start;
  return (
    <div
      class="slider"
      role="slider"
      tabIndex={0}
      aria-label="Moment"
      aria-valuemin={0}
      aria-valuemax={Math.round(map.length / 1e6)}
      aria-valuenow={Math.round(model.played.value / 1e6)}
      aria-valuetext={clock(at / 1000)}
      onPointerMove={tell}
      onPointerDown={onPointerDown}
      onKeyDown={(event) => {
        if (event.key === "ArrowRight") model.move(NUDGE);
        else if (event.key === "ArrowLeft") model.move(-NUDGE);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    >
      <div class="playhead" style={{ left: `${share * 100}%` }} />
    </div>
  );
}

/** px below which a pause's length does not fit. */
const LABEL = 34;

function Gaps({ model, width }: { model: ReplayModel; width: number }) {
  const map = model.map.value;
  if (map.length === 0) return <div class="track-pauses" />;
  return (
    <div class="track-pauses">
      {map.gaps.map((gap) => {
        const from = (map.played(gap.from) / map.length) * width;
        const size = (map.played(gap.to) / map.length) * width - from;
        const length = away((gap.to - gap.from) / 1000);
        return (
          <button
            type="button"
            key={gap.from}
            class="gap"
            data-folded={gap.folded}
            style={{ left: `${from}px`, width: `${Math.max(2, size)}px` }}
            aria-label={`Pause of ${length}. ${gap.folded ? "Play it in full" : "Skip it"}`}
            title={`Pause of ${length}`}
            onClick={() => model.toggleGap(gap.from)}
          >
            {size >= LABEL && length}
          </button>
        );
      })}
    </div>
  );
}
