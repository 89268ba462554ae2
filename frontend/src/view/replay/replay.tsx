/** The replay: the room as it was at a moment, over the player that chooses the moment. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { day, sessionLength } from "../clock";
import { Icon, type IconName } from "../parts/icon";
import { KeysDialog } from "../parts/keys-dialog";
import { Menu } from "../parts/menu";
import { Mark } from "../parts/page";
import { Splitter } from "../parts/splitter";
import { ThemeButton, themeChoices } from "../parts/theme-button";
import { OUTPUT_HEIGHT, OUTPUT_WIDTH, shape } from "../room/layout";
import { Account } from "./account";
import { CodeThen } from "./code-then";
import { FilesThen, type ReadData } from "./files-then";
import { KEYS, useKeys } from "./keys";
import type { ReplayModel } from "./model";
import { ChatThen, OutputThen } from "./output-then";
import { PlayerBar } from "./player-bar";
import { TestsThen } from "./tests-then";

type Part = "code" | "output" | "tests" | "files" | "chat" | "people";

const PARTS: readonly { part: Part; icon: IconName; title: string }[] = [
  { part: "code", icon: "file-code-2", title: "Code" },
  { part: "output", icon: "terminal", title: "Output" },
  { part: "tests", icon: "list-checks", title: "Tests" },
  { part: "files", icon: "files", title: "Files" },
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
  read: ReadData | null;
}

export function Replay({ model, title, refresh, back, read }: ReplayProps) {
  const part = useSignal<Part>(shape.value === "narrow" ? "code" : "output");
  const keysShown = useSignal(false);
  const showKeys = () => {
    keysShown.value = true;
  };
  useKeys(model, showKeys);
  useEffect(() => () => model.stop(), [model]);
  useEffect(() => {
    document.title = `Replay of ${title} · Fourhands`;
  }, [title]);
  const narrow = shape.value === "narrow";
  const style = {
    "--output": `${OUTPUT_WIDTH.value.value}px`,
    "--output-height": `${OUTPUT_HEIGHT.value.value}px`,
  };
  // Most sessions have none.
  const parts = PARTS.filter((one) => one.part !== "tests" || model.last.judgements.length > 0);
  const shown = narrow || part.value !== "code" ? part.value : "output";
  return (
    <div class="room replay" data-shape={shape.value} data-tab={narrow ? shown : undefined}>
      <Top model={model} title={title} refresh={refresh} back={back} showKeys={showKeys} />
      <main class="panels" style={style}>
        <div class="work">
          <CodeThen model={model} />
          {shape.value === "wide" && (
            <Splitter size={OUTPUT_WIDTH} label="Width of the output" axis="x" panel="after" />
          )}
          {shape.value === "medium" && (
            <Splitter size={OUTPUT_HEIGHT} label="Height of the output" axis="y" panel="after" />
          )}
          <section class="panel output" aria-label="What happened">
            <h2 class="hidden-text">What happened</h2>
            {!narrow && <PartTabs part={part} parts={parts.slice(1)} shown={shown} />}
            {shown === "tests" && <TestsThen model={model} />}
            {shown === "chat" && <ChatThen model={model} />}
            {shown === "people" && <Account model={model} />}
            {shown === "files" && <FilesThen model={model} read={read} />}
            {(shown === "output" || shown === "code") && <OutputThen model={model} />}
          </section>
        </div>
      </main>
      <PlayerBar model={model} />
      {narrow && <PartTabs part={part} parts={parts} shown={shown} />}
      {keysShown.value && (
        <KeysDialog
          keys={KEYS}
          onClose={() => {
            keysShown.value = false;
          }}
        />
      )}
    </div>
  );
}

type TopProps = Omit<ReplayProps, "read"> & { showKeys: () => void };

function Top({ model, title, refresh, back, showKeys }: TopProps) {
  const { start, end } = model.recording;
  const narrow = shape.value === "narrow";
  return (
    <header class="top">
      <Mark size={20} />
      <h1 class="top-title cut" title={title}>
        {title}
      </h1>
      <span class="badge">
        <Icon name="history" size={14} />
        Replay
      </span>
      {shape.value === "wide" && (
        <span class="caption faint cut">
          {day(start)} · {sessionLength((end - start) / 1000)}
        </span>
      )}
      <span class="grow" />
      {narrow ? (
        <Narrow refresh={refresh} back={back} />
      ) : (
        <Wide refresh={refresh} back={back} showKeys={showKeys} />
      )}
    </header>
  );
}

type Ways = Pick<ReplayProps, "refresh" | "back">;

function Wide({ refresh, back, showKeys }: Ways & { showKeys: () => void }) {
  return (
    <div class="top-actions">
      {refresh && (
        <button type="button" class="button quiet small" onClick={refresh}>
          <Icon name="refresh-cw" size={14} />
          Load what is new
        </button>
      )}
      {back && (
        <a class="button plain small" href={back.href}>
          {back.words}
        </a>
      )}
      <ThemeButton />
      <button
        type="button"
        class="button quiet square"
        aria-label="All keys"
        title="All keys (?)"
        onClick={showKeys}
      >
        <Icon name="keyboard" />
      </button>
    </div>
  );
}

function Narrow({ refresh, back }: Ways) {
  const choices = [
    ...(refresh ? [{ label: "Load what is new", pick: refresh }] : []),
    ...(back ? [{ label: back.words, pick: () => location.assign(back.href) }] : []),
    ...themeChoices(),
  ];
  return (
    <Menu label="More" choices={choices}>
      <Icon name="ellipsis" />
    </Menu>
  );
}

interface TabsProps {
  part: { value: Part };
  parts: typeof PARTS;
  shown: Part;
}

function PartTabs({ part, parts, shown }: TabsProps) {
  const narrow = shape.value === "narrow";
  const tabs = (
    <div class={narrow ? "tab-list" : "part-tabs"} role="tablist" aria-label="What to see">
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
  return narrow ? (
    <nav class="tab-bar" aria-label="Parts of the replay">
      {tabs}
    </nav>
  ) : (
    tabs
  );
}
