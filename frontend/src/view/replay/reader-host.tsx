/** Binds the reading pane to the replay's moment: its text, its carets, and the changes that led to it. */
import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { mountReader, type Scene, type Stroke } from "../../panes/editor/reader";
import type { Moment } from "../../replay/recording";
import { personColour } from "../parts/avatar";
import type { ReplayModel } from "./model";

/** Steps between two drawings that are shown one by one; a longer way is a jump. */
const WAY = 400;

export function ReaderHost({ model }: { model: ReplayModel }) {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return;
    const pane = mountReader(element.current);
    let last: { moment: Moment; file: string } | null = null;
    const stop = effect(() => {
      const moment = model.moment.value;
      const file = model.file.value;
      if (file === undefined) return;
      const from = last?.file === file.file ? last.moment : null;
      pane.show(scene(model, moment, from, file));
      last = { moment, file: file.file };
    });
    return () => {
      stop();
      pane.unmount();
    };
  }, [model]);
  return <div class="editor-host" ref={element} />;
}

function scene(
  model: ReplayModel,
  moment: Moment,
  from: Moment | null,
  { file, path }: { file: string; path: string },
): Scene {
  const carets = [...moment.cursors.values()].filter(
    (cursor) => cursor.file === file && hasSeat(moment, cursor.person),
  );
  const newest = carets.reduce((a, b) => (b.at > (a?.at ?? 0) ? b : a), carets[0]);
  return {
    file,
    path,
    text: moment.texts.get(file) ?? "",
    strokes: strokes(model, moment, from, file),
    peers: carets.map((cursor) => ({
      key: cursor.person,
      name: model.people.get(cursor.person)?.name ?? "Someone",
      colour: colourOf(model, cursor.person),
      anchor: cursor.anchor,
      head: cursor.head,
      moved: cursor.at,
      away: moment.state.people.get(cursor.person)?.online === false,
    })),
    reveal: model.pinned.value === null ? (newest?.head ?? null) : null,
  };
}

/** Also one whose link is down for a moment. */
function hasSeat(moment: Moment, person: string): boolean {
  const who = moment.state.people.get(person);
  return who === undefined || who.seats.length > 0;
}

function colourOf(model: ReplayModel, person: string): string {
  return personColour(model.people.get(person)?.colour ?? 0);
}

function strokes(model: ReplayModel, moment: Moment, from: Moment | null, file: string): Stroke[] | null {
  if (from === null || moment.count < from.count || moment.count - from.count > WAY) return null;
  const found: Stroke[] = [];
  for (const step of model.recording.steps.slice(from.count, moment.count)) {
    const colour = colourOf(model, step.entry.actor);
    for (const splice of step.splices) if (splice.file === file) found.push({ ...splice, colour });
  }
  return found;
}
