/** One person's lane: typed upwards, deleted downwards, runs, chat, and the time away hatched, a lost link in its
own colour. */

import type { Absence, Bin, Lane, RunMark, TestsMark } from "../../replay/lanes";
import { personColour } from "../parts/avatar";
import { memo } from "./memo";

export const LANE_HEIGHT = 32;
const MIDDLE = 20;
/** px that the tallest bar goes up and down. */
const UP = 16;
const DOWN = 9;
interface LaneProps {
  lane: Lane;
  colour: number;
  width: number;
  /** Characters in one bin that draw the tallest bar. */
  full: number;
  place: (at: number) => number;
}

export const LaneDrawing = memo(function LaneDrawing({ lane, colour, width, full, place }: LaneProps) {
  const x = (at: number) => place(at) * width;
  const bin = width / Math.max(1, lane.bins.length);
  return (
    <svg
      class="lane"
      width={width}
      height={LANE_HEIGHT}
      aria-hidden="true"
      style={{ "--person": personColour(colour) }}
    >
      <defs>
        <Hatch id={`left-${lane.person}`} look="lane-hatch" />
        <Hatch id={`lost-${lane.person}`} look="lane-hatch-lost" />
      </defs>
      <line class="lane-middle" x1="0" x2={width} y1={MIDDLE} y2={MIDDLE} />
      {lane.away.map((span) => (
        <Hatched
          key={span.from}
          span={span}
          x={x}
          fill={`url(#${span.lost ? "lost" : "left"}-${lane.person})`}
        />
      ))}
      <path class="lane-typed" d={bars(lane.bins, bin, (of) => -tall(of.inserted / full, UP))} />
      <path class="lane-deleted" d={bars(lane.bins, bin, (of) => tall(of.deleted / full, DOWN))} />
      {lane.offline.map((span) => (
        <line
          key={span.from}
          class="lane-offline"
          x1={x(span.from)}
          x2={Math.max(x(span.from) + 2, x(span.to))}
          y1={LANE_HEIGHT - 1.5}
          y2={LANE_HEIGHT - 1.5}
        />
      ))}
      {lane.chat.map(({ seq, at }) => (
        <circle key={seq} class="lane-chat" cx={x(at)} cy={MIDDLE + 7} r="2.5" />
      ))}
      {lane.runs.map((run) => (
        <Run key={run.run} run={run} x={x(run.at)} />
      ))}
      {lane.tests.map((tests) => (
        <Tests key={tests.judgement} tests={tests} x={x(tests.at)} />
      ))}
    </svg>
  );
});

function Hatch({ id, look }: { id: string; look: string }) {
  return (
    <pattern id={id} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class={look} width="1.5" height="6" />
    </pattern>
  );
}

function Hatched({ span, x, fill }: { span: Absence; x: (at: number) => number; fill: string }) {
  return (
    <rect
      x={x(span.from)}
      y="2"
      width={Math.max(1, x(span.to) - x(span.from))}
      height={LANE_HEIGHT - 4}
      fill={fill}
    />
  );
}

function Run({ run, x }: { run: RunMark; x: number }) {
  if (run.status === "ok") return <path class="lane-run-ok" d={`M${x} 1l4 7h-8z`} />;
  if (run.status === "queued" || run.status === "running")
    return <path class="lane-run" d={`M${x} 1l4 7h-8z`} />;
  const stopped = run.status === "interrupted" || run.status === "aborted";
  return <path class={stopped ? "lane-run-stopped" : "lane-run-bad"} d={`M${x - 3} 2l6 6m0 -6l-6 6`} />;
}

function Tests({ tests, x }: { tests: TestsMark; x: number }) {
  const tone = tests.good === null ? "stopped" : tests.good ? "ok" : "failed";
  return <path class={`lane-tests-${tone}`} d={`M${x} 0l4.5 4.5l-4.5 4.5l-4.5 -4.5z`} />;
}

/** Small edits stay visible beside large ones. */
function tall(share: number, most: number): number {
  return share === 0 ? 0 : Math.max(1.5, most * Math.min(1, Math.sqrt(share)));
}

function bars(bins: readonly Bin[], width: number, height: (bin: Bin) => number): string {
  let path = "";
  for (const [at, bin] of bins.entries()) {
    const tallness = height(bin);
    if (tallness === 0) continue;
    path += `M${(at * width).toFixed(1)} ${MIDDLE}v${tallness.toFixed(1)}h${Math.max(1, width - 1).toFixed(1)}v${(-tallness).toFixed(1)}z`;
  }
  return path;
}
