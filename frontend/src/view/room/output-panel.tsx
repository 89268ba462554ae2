/** The right of the room: what ran, newest at the bottom, in the reader's own place until they return to the end. */
import { useSignal } from "@preact/signals";
import { Fragment, type RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Api, ApiError } from "../../room/api";
import type { RunState } from "../../room/state";
import { tick } from "../clock";
import { inTurn, Queue } from "../output/queue";
import { Restarts } from "../output/restarts";
import { RunCard } from "../output/run-card";
import { placeIn, placeOf, whatRan } from "../output/where";
import { Icon } from "../parts/icon";
import { AloneCard } from "./alone";
import { ConsoleLine } from "./console-line";
import { cancelRun, mayCancel } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { KernelState } from "./kernel-state";
import { written } from "./keys";
import { shape } from "./layout";
import type { RoomModel } from "./model";
import { RunBar } from "./run-bar";

/** px from the end that still count as reading the newest. */
const NEAR = 48;
/** Older cards are there on demand: a long session has hundreds. */
const CARDS = 30;

export function OutputPanel() {
  const desk = useDesk();
  const { runs, files, people, events } = desk.model;
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const top = useRef(0);
  const behind = useSignal(false);
  const more = useSignal(CARDS);
  const { begun, waiting } = inTurn(runs);
  const kept = begun.filter((run) => run.queuedAt > desk.clearedAt.value || !isOver(run));
  const shown = kept.slice(-more.value);
  const narrow = shape.value === "narrow";
  useStickToEnd(scroller, content, top, () => !behind.value && desk.model.runs.length > 0);
  return (
    <div class="panel output">
      <section class="output-view" aria-label="Output">
        <header class="panel-head">
          {!narrow && <h2 class="panel-title">Output</h2>}
          <KernelState />
          <span class="grow" />
          {narrow && <RunBar />}
          {!narrow && kept.length > 0 && (
            <button
              type="button"
              class="button quiet small"
              title="Hides these runs from your view; the others keep theirs"
              onClick={() => {
                desk.clearedAt.value = desk.model.client.now();
              }}
            >
              Clear view
            </button>
          )}
        </header>
        <div class="output-place">
          <div
            class="output-scroll scroll"
            id="output"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
            tabIndex={0}
            ref={scroller}
            // At the end the end is kept, not what stood in view; a reader further up keeps their place.
            style={{ overflowAnchor: behind.value ? "auto" : "none" }}
            onScroll={(event) => {
              // Growth below moves nothing: only a reader who goes up leaves the end.
              const { scrollTop } = event.currentTarget;
              if (nearEnd(event.currentTarget)) behind.value = false;
              else if (scrollTop < top.current) behind.value = true;
              top.current = scrollTop;
            }}
          >
            <div ref={content} class="output-list">
              {!narrow && <AloneCard />}
              {kept.length < begun.length && <Cleared desk={desk} count={begun.length - kept.length} />}
              {kept.length > shown.length && (
                <button
                  type="button"
                  class="button quiet"
                  onClick={() => {
                    more.value += CARDS;
                  }}
                >
                  Show earlier runs ({kept.length - shown.length})
                </button>
              )}
              {shown.map((run, at) => (
                <Fragment key={run.run}>
                  <Restarts
                    events={events}
                    people={people}
                    from={shown[at - 1]?.queuedAt ?? desk.clearedAt.value}
                    to={run.queuedAt}
                  />
                  <Card desk={desk} run={run} />
                </Fragment>
              ))}
              {kept.length > 0 && (
                <Restarts
                  events={events}
                  people={people}
                  from={kept.at(-1)?.queuedAt ?? 0}
                  to={Number.POSITIVE_INFINITY}
                />
              )}
              {runs.length === 0 && <Empty desk={desk} />}
            </div>
          </div>
          {behind.value && (
            <button
              type="button"
              class="button plain to-end"
              onClick={() => scroller.current?.scrollTo({ top: scroller.current.scrollHeight })}
            >
              <Icon name="arrow-down" />
              To the newest
            </button>
          )}
        </div>
      </section>
      <Queue
        waiting={waiting}
        files={files}
        people={people}
        cancel={(run) => (mayCancel(desk, run) ? () => void cancelRun(desk, run) : null)}
      />
      {desk.model.may("run") && <ConsoleLine />}
    </div>
  );
}

function isOver(run: RunState): boolean {
  return run.status !== "queued" && run.status !== "running";
}

function nearEnd(element: HTMLElement): boolean {
  return element.scrollTop + element.clientHeight > element.scrollHeight - NEAR;
}

/** While the end is in view the end stays in view; once the reader scrolls up, nothing moves them. */
function useStickToEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  top: { current: number },
  wanted: () => boolean,
): void {
  useEffect(() => {
    const [view, list] = [scroller.current, content.current];
    if (view === null || list === null) return;
    const watch = new ResizeObserver(() => {
      if (!wanted()) return;
      view.scrollTop = view.scrollHeight;
      // Where it shrank: that is no reader going up.
      top.current = view.scrollTop;
    });
    watch.observe(list);
    watch.observe(view);
    return () => watch.disconnect();
  }, []);
}

function Card({ desk, run }: { desk: Desk; run: RunState }) {
  const { model } = desk;
  const { files } = model;
  // Only a run that is not over has a clock to move.
  if (run.status === "running") void tick.value;
  const person = model.person(run.by);
  const place = placeOf(run, files);
  const answer = async (text: string) => {
    const result = await model.client.answer(run.run, text);
    return result.ok ? null : result.message;
  };
  return (
    <RunCard
      run={run}
      by={{ name: person?.name ?? "Someone", colour: person?.colour ?? 0 }}
      what={whatRan(run, files)}
      go={place === null ? null : () => desk.goTo(place.file, place.line)}
      nameOf={(id) => model.person(id)?.name ?? "Somebody"}
      now={model.client.now()}
      paths={new Set(files.map((file) => file.path))}
      jump={(place) => {
        const found = placeIn(run, files, place);
        return found === null ? null : () => desk.goTo(found.file, found.line);
      }}
      answer={model.may("input") ? answer : undefined}
      show={() => showOutputs(model, run.run)}
    />
  );
}

async function showOutputs({ client, room }: RoomModel, run: string): Promise<string | null> {
  try {
    await client.showOutputs(new Api({ token: () => client.token }), room, run);
    return null;
  } catch (problem) {
    return problem instanceof ApiError ? problem.message : String(problem);
  }
}

function Cleared({ desk, count }: { desk: Desk; count: number }) {
  return (
    <button
      type="button"
      class="button quiet"
      onClick={() => {
        desk.clearedAt.value = 0;
      }}
    >
      {count === 1
        ? "1 run is cleared from this view. Show it"
        : `${count} runs are cleared from this view. Show them`}
    </button>
  );
}

function Empty({ desk }: { desk: Desk }) {
  const refused = desk.model.noKernel.value;
  if (refused !== null) {
    return (
      <div class="empty">
        <Icon name="triangle-alert" size={24} />
        <h3>Code cannot run here</h3>
        <p>{refused} Everything else works.</p>
      </div>
    );
  }
  const path = desk.activeFile?.path ?? "the file";
  return (
    <div class="empty">
      <Icon name="terminal" size={24} />
      <h3>Nothing has run yet</h3>
      {desk.model.may("run") ? (
        <p>
          {shape.value === "narrow" ? "Run, above," : <kbd>{written("Mod-Enter")}</kbd>} runs {path}. Text,
          plots and errors appear here, for everyone in the room.
        </p>
      ) : (
        <p>When somebody runs the code, text, plots and errors appear here.</p>
      )}
    </div>
  );
}
