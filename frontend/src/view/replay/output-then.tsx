/** What had run and what had been said by the moment shown. */
import { useComputed } from "@preact/signals";
import { Fragment } from "preact";
import { useMemo } from "preact/hooks";
import type { RunState } from "../../room/state";
import { inTurn, Queue } from "../output/queue";
import { Restarts } from "../output/restarts";
import { RunCard } from "../output/run-card";
import { placeIn, placeOf, whatRan } from "../output/where";
import { ChatLines } from "../parts/chat-lines";
import { Icon } from "../parts/icon";
import type { ReplayModel } from "./model";

export function OutputThen({ model }: { model: ReplayModel }) {
  const runs = model.runs.value;
  const files = model.files.value;
  const events = model.events.value;
  const running = useComputed(() => model.runs.value.some((run) => run.status === "running")).value;
  // Only a run that was going on then has a clock to move.
  const now = running ? model.moment.value.at : 0;
  const paths = useMemo(() => new Set(files.map((file) => file.path)), [files]);
  const { begun, waiting } = inTurn(runs);
  const shown = begun.slice(-20);
  const go = (run: RunState) => {
    const place = placeOf(run, files);
    return place === null
      ? null
      : () => {
          model.pinned.value = place.file;
        };
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys */}
      <div class="output-scroll scroll output-latest" tabIndex={0}>
        <div class="output-list">
          {shown.map((run, at) => (
            <Fragment key={run.run}>
              <Restarts
                events={events}
                people={model.people}
                from={shown[at - 1]?.queuedAt ?? 0}
                to={run.queuedAt}
              />
              <RunCard
                run={run}
                by={model.people.get(run.by) ?? { name: "Someone", colour: 0 }}
                what={whatRan(run, files)}
                go={go(run)}
                nameOf={(id) => model.people.get(id)?.name ?? "Somebody"}
                now={now}
                paths={paths}
                jump={(place) => {
                  const found = placeIn(run, files, place);
                  return found === null
                    ? null
                    : () => {
                        model.pinned.value = found.file;
                      };
                }}
              />
            </Fragment>
          ))}
          {shown.length > 0 && (
            <Restarts
              events={events}
              people={model.people}
              from={shown.at(-1)?.queuedAt ?? 0}
              to={Number.POSITIVE_INFINITY}
            />
          )}
          {runs.length === 0 && (
            <div class="empty">
              <Icon name="terminal" size={24} />
              <h3>Nothing had run yet</h3>
            </div>
          )}
        </div>
      </div>
      <Queue waiting={waiting} files={files} people={model.people} cancel={() => null} />
    </>
  );
}

export function ChatThen({ model }: { model: ReplayModel }) {
  const chat = model.chat.value;
  return (
    <ol class="chat-list scroll output-latest">
      <ChatLines chat={chat} people={model.people} />
      {chat.length === 0 && (
        <li class="empty">
          <Icon name="message-square" size={24} />
          <h3>Nothing had been said yet</h3>
        </li>
      )}
    </ol>
  );
}
