/** The replay: the room as it was at a moment, over the player that chooses the moment. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { day, sessionLength } from "../clock";
import { RunCard } from "../output/run-card";
import { placeIn, whatRan } from "../output/where";
import { ChatLines } from "../parts/chat-lines";
import { Icon, type IconName } from "../parts/icon";
import { Mark } from "../parts/page";
import { Splitter } from "../parts/splitter";
import { ThemeButton } from "../parts/theme-button";
import { inField } from "../room/keys";
import { OUTPUT_HEIGHT, OUTPUT_WIDTH, shape } from "../room/layout";
import { Account } from "./account";
import { LEAP, NUDGE, type ReplayModel } from "./model";
import { PlayerBar } from "./player-bar";
import { ReaderHost } from "./reader-host";

type Part = "code" | "output" | "chat" | "people";

const PARTS: readonly { part: Part; icon: IconName; title: string }[] = [
  { part: "code", icon: "file-code-2", title: "Code" },
  { part: "output", icon: "terminal", title: "Output" },
  { part: "chat", icon: "message-square", title: "Chat" },
  { part: "people", icon: "users", title: "Who did what" },
];

interface ReplayProps {
  model: ReplayModel;
  title: string;
  /** Loads what happened since; absent for a session that is over. */
  refresh: (() => void) | null;
  /** The way back, where there is one. */
  back: { href: string; words: string } | null;
}

export function Replay({ model, title, refresh, back }: ReplayProps) {
  const part = useSignal<Part>(shape.value === "narrow" ? "code" : "output");
  useKeys(model);
  useEffect(() => () => model.stop(), [model]);
  useEffect(() => {
    document.title = `Replay of ${title} · Fourhands`;
  }, [title]);
  const narrow = shape.value === "narrow";
  const style = {
    "--output": `${OUTPUT_WIDTH.value.value}px`,
    "--output-height": `${OUTPUT_HEIGHT.value.value}px`,
  };
  const shown = narrow || part.value !== "code" ? part.value : "output";
  return (
    <div class="room replay" data-shape={shape.value} data-tab={narrow ? shown : undefined}>
      <Top model={model} title={title} refresh={refresh} back={back} />
      <main class="panels" style={style}>
        <div class="work">
          <Code model={model} />
          {shape.value === "wide" && (
            <Splitter size={OUTPUT_WIDTH} label="Width of the output" axis="x" panel="after" />
          )}
          {shape.value === "medium" && (
            <Splitter size={OUTPUT_HEIGHT} label="Height of the output" axis="y" panel="after" />
          )}
          <section class="panel output" aria-label="What happened">
            {!narrow && <PartTabs part={part} parts={PARTS.slice(1)} shown={shown} />}
            {shown === "chat" && <ChatThen model={model} />}
            {shown === "people" && <Account model={model} />}
            {shown !== "chat" && shown !== "people" && <OutputThen model={model} />}
          </section>
        </div>
      </main>
      <PlayerBar model={model} />
      {narrow && <PartTabs part={part} parts={PARTS} shown={shown} />}
    </div>
  );
}

function Top({ model, title, refresh, back }: ReplayProps) {
  const { start, end } = model.recording;
  return (
    <header class="top">
      <Mark size={20} />
      <h1 class="top-title cut">{title}</h1>
      <span class="badge">
        <Icon name="history" size={14} />
        Replay
      </span>
      {shape.value !== "narrow" && (
        <span class="caption faint cut">
          {day(start)} · {sessionLength((end - start) / 1000)}
        </span>
      )}
      <span class="grow" />
      {refresh && (
        <button type="button" class="button quiet small" onClick={refresh}>
          <Icon name="refresh-cw" size={14} />
          {shape.value === "narrow" ? "Reload" : "Load what is new"}
        </button>
      )}
      {back && (
        <a class="button plain small" href={back.href}>
          {back.words}
        </a>
      )}
      <ThemeButton />
    </header>
  );
}

interface TabsProps {
  part: { value: Part };
  parts: typeof PARTS;
  shown: Part;
}

function PartTabs({ part, parts, shown }: TabsProps) {
  const narrow = shape.value === "narrow";
  return (
    <div class={narrow ? "tab-bar" : "part-tabs"} role="tablist" aria-label="What to see">
      {parts.map(({ part: which, icon, title }) => (
        <button
          key={which}
          type="button"
          role="tab"
          aria-selected={shown === which}
          class={narrow ? "tab-bar-button" : "part-tab"}
          onClick={() => {
            part.value = which;
          }}
        >
          {narrow && <Icon name={icon} size={18} />}
          {narrow && which === "people" ? "People" : title}
        </button>
      ))}
    </div>
  );
}

function Code({ model }: { model: ReplayModel }) {
  const files = model.files.value.filter((file) => !file.deleted);
  const active = model.file.value;
  return (
    <section class="panel editor" aria-label="Code">
      <header class="panel-head editor-head">
        <div class="tabs scroll" role="tablist" aria-label="Files">
          {files.map((file) => (
            <div class="tab-box" data-active={file === active} key={file.file}>
              <button
                type="button"
                class="tab"
                role="tab"
                aria-selected={file === active}
                title={file.path}
                onClick={() => {
                  model.pinned.value = file.file;
                }}
              >
                <span class="cut">{file.path.split("/").at(-1)}</span>
              </button>
            </div>
          ))}
        </div>
        <button
          type="button"
          class="button quiet small"
          aria-pressed={model.pinned.value === null}
          title="Show the file and the place where something happens"
          onClick={() => {
            model.pinned.value = model.pinned.value === null ? (active?.file ?? null) : null;
          }}
        >
          {model.pinned.value === null && <Icon name="check" size={14} />}
          Follow the action
        </button>
      </header>
      <div class="editor-body">
        {active === undefined && (
          <div class="empty">
            <h3>No file yet</h3>
            <p>At this moment the room was still empty.</p>
          </div>
        )}
        <ReaderHost model={model} />
      </div>
    </section>
  );
}

function OutputThen({ model }: { model: ReplayModel }) {
  const runs = model.runs.value;
  const files = model.files.value;
  const running = useComputed(() => model.runs.value.some((run) => run.status === "running")).value;
  // Only a run that was going on then has a clock to move.
  const now = running ? model.moment.value.at : 0;
  const paths = useMemo(() => new Set(files.map((file) => file.path)), [files]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <div class="output-scroll scroll output-latest" tabIndex={0}>
      <div class="output-list">
        {runs.slice(-20).map((run) => (
          <RunCard
            key={run.run}
            run={run}
            by={model.people.get(run.by) ?? { name: "Someone", colour: 0 }}
            what={whatRan(run, files)}
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
        ))}
        {runs.length === 0 && (
          <div class="empty">
            <Icon name="terminal" size={24} />
            <h3>Nothing had run yet</h3>
          </div>
        )}
      </div>
    </div>
  );
}

function ChatThen({ model }: { model: ReplayModel }) {
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

function useKeys(model: ReplayModel): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || inField(event.target)) return;
      const act = action(model, event);
      // On a button Space presses the button.
      if (act === null || (event.key === " " && event.target instanceof HTMLButtonElement)) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [model]);
}

function action(model: ReplayModel, event: KeyboardEvent): (() => void) | null {
  const edits = event.shiftKey;
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case " ":
    case "k":
      return () => model.toggle();
    case "j":
      return () => model.move(-LEAP);
    case "l":
      return () => model.move(LEAP);
    case "ArrowLeft":
      return () => (edits ? model.step("edits", -1) : model.move(-NUDGE));
    case "ArrowRight":
      return () => (edits ? model.step("edits", 1) : model.move(NUDGE));
    case "[":
      return () => model.step("runs", -1);
    case "]":
      return () => model.step("runs", 1);
    case "+":
    case "=":
      return () => model.changeSpeed(1);
    case "-":
      return () => model.changeSpeed(-1);
    case "Home":
      return () => model.seekPlayed(0);
    case "End":
      return () => model.seekPlayed(Number.MAX_SAFE_INTEGER);
    default:
      return null;
  }
}
