/** An exception: its own words first, then where it came from, with library frames folded and places to jump to. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { ErrorOutput } from "../../../../protocol/ts/outputs";
import { plural } from "../clock";
import { Icon } from "../parts/icon";
import { TextBlock } from "./text-block";
import { type Frame, type Place, readTraceback } from "./traceback";

interface ErrorProps {
  error: ErrorOutput;
  stopped: boolean;
  paths: ReadonlySet<string>;
  /** Answers what to do on a click, or null where the place is not in this room. */
  jump: (place: Place) => (() => void) | null;
}

export function ErrorBlock({ error, stopped, paths, jump }: ErrorProps) {
  const read = useMemo(() => readTraceback(error.traceback, paths), [error, paths]);
  const here = stopped && error.ename === "KeyboardInterrupt";
  return (
    <div class={here ? "out-error-block out-stopped" : "out-error-block"}>
      {here ? (
        <p class="out-note">It was stopped here:</p>
      ) : (
        <p class="out-exception">
          <strong>{error.ename}</strong>
          {error.evalue === "" ? "" : `: ${error.evalue}`}
        </p>
      )}
      {siblingOf(error, paths) !== null && (
        <p class="out-note">
          {siblingOf(error, paths)} is a file of this room, but a run has only its own file.
        </p>
      )}
      {groups(read.frames).map((group) =>
        group.library ? (
          <Folded key={group.key} frames={group.frames} jump={jump} />
        ) : (
          group.frames.map((frame) => <FrameBlock key={frame.text} frame={frame} jump={jump} />)
        ),
      )}
      {read.frames.length === 0 && error.traceback.length > 0 && (
        <TextBlock text={error.traceback.join("\n")} />
      )}
    </div>
  );
}

/** The room's file that the code wanted to import; null where it asked for something else. */
function siblingOf({ ename, evalue }: ErrorOutput, paths: ReadonlySet<string>): string | null {
  const name = ename === "ModuleNotFoundError" ? /No module named '([\w.]+)'/.exec(evalue)?.[1] : undefined;
  const path = `${name?.replaceAll(".", "/")}.py`;
  return paths.has(path) ? path : null;
}

interface Group {
  key: string;
  library: boolean;
  frames: Frame[];
}

function groups(frames: readonly Frame[]): Group[] {
  const found: Group[] = [];
  for (const frame of frames) {
    const last = found[found.length - 1];
    if (last !== undefined && last.library === frame.library) last.frames.push(frame);
    else found.push({ key: `${found.length}`, library: frame.library, frames: [frame] });
  }
  return found;
}

function Folded({ frames, jump }: { frames: readonly Frame[]; jump: ErrorProps["jump"] }) {
  const open = useSignal(false);
  return (
    <>
      <button
        type="button"
        class="out-fold"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name={open.value ? "chevron-down" : "chevron-right"} size={14} />
        {plural(frames.length, "library frame")}
      </button>
      {open.value && frames.map((frame) => <FrameBlock key={frame.text} frame={frame} jump={jump} />)}
    </>
  );
}

function FrameBlock({ frame, jump }: { frame: Frame; jump: ErrorProps["jump"] }) {
  const go = frame.place === null ? null : jump(frame.place);
  const body = frame.text.slice(frame.text.indexOf("\n") + 1);
  return (
    <div class="out-frame">
      {go === null ? (
        <div class="out-place mono">{frame.title}</div>
      ) : (
        <button type="button" class="out-place out-jump mono" onClick={go}>
          {frame.title}
          <Icon name="corner-down-left" size={13} />
        </button>
      )}
      {body !== frame.text && <TextBlock text={body} />}
    </div>
  );
}
