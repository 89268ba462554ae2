/** The slim rail at the right edge and the drawer it opens: questions, chat and people. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { lazy } from "../lazy";
import { Icon, type IconName } from "../parts/icon";
import { Chat } from "./chat";
import { type Desk, useDesk } from "./desk";
import { type Side, shape, side, sideShown, type Tab, tab, takeFocus, toggleSide } from "./layout";
import { People } from "./people";

const Questions = lazy(async () => (await import("./questions/panel")).Questions);

const SIDES: readonly { side: Side; icon: IconName; title: string }[] = [
  { side: "questions", icon: "list-checks", title: "Questions" },
  { side: "chat", icon: "message-square", title: "Chat" },
  { side: "people", icon: "users", title: "People" },
];

function unread(desk: Desk): number {
  const { chat } = desk.model;
  const mine = desk.model.client.person;
  return chat.filter((line) => line.seq > desk.chatSeen.value && line.person !== mine).length;
}

/** Questions since the panel was open last, and tests that came to their end while this page was there. */
function unseen(desk: Desk): number {
  const { questions, judgements, client } = desk.model;
  const since = desk.questionsSeen.value;
  const ended = Math.max(since, desk.openedAt);
  const asked = [...questions.values()].filter((one) => one.at > since && one.by !== client.person);
  return asked.length + judgements.filter((one) => (one.finishedAt ?? 0) > ended).length;
}

/** What waits to be seen in a panel, with the word for it. */
function waiting(desk: Desk, which: Tab): { count: number; word: string } {
  if (which === "chat") return { count: unread(desk), word: "unread" };
  return { count: which === "questions" ? unseen(desk) : 0, word: "new" };
}

export function Rail() {
  const desk = useDesk();
  return (
    <div class="rail">
      {SIDES.map(({ side: which, icon, title }) => (
        <button
          key={which}
          type="button"
          class="button quiet square rail-button"
          aria-pressed={sideShown(which)}
          title={title}
          onClick={() => toggleSide(which)}
        >
          <Icon name={icon} size={18} />
          <span class="hidden-text">{title}</span>
          <Count {...waiting(desk, which)} />
        </button>
      ))}
      <span class="grow" />
      <button
        type="button"
        class="button quiet square rail-button"
        aria-label="All keys"
        title="All keys"
        onClick={() => {
          desk.sheet.value = "keys";
        }}
      >
        <Icon name="keyboard" size={18} />
      </button>
    </div>
  );
}

function Count({ count, word }: { count: number; word: string }) {
  if (count === 0) return null;
  return (
    <span class="count">
      {count > 99 ? "99+" : count}
      <span class="hidden-text"> {word}</span>
    </span>
  );
}

export function SidePanel() {
  const which = shape.value === "narrow" ? tab.value : side.value;
  const panel = useRef<HTMLElement>(null);
  useLayoutEffect(() => {
    if (panel.current === null || !takeFocus()) return;
    (panel.current.querySelector<HTMLElement>(".field") ?? panel.current.querySelector("button"))?.focus();
  }, [which]);
  const shown = SIDES.find((one) => one.side === which);
  if (shown === undefined) return null;
  return (
    <aside class={`panel side side-${which}`} ref={panel} aria-label={shown.title}>
      {shape.value !== "narrow" && (
        <header class="panel-head">
          <h2 class="panel-title grow">{shown.title}</h2>
          <button
            type="button"
            class="button quiet square small"
            aria-label="Close"
            onClick={() => {
              side.value = null;
            }}
          >
            <Icon name="x" />
          </button>
        </header>
      )}
      {which === "questions" && <Questions />}
      {which === "chat" && <Chat />}
      {which === "people" && <People />}
    </aside>
  );
}

const TABS: readonly { tab: Tab; icon: IconName; title: string }[] = [
  { tab: "code", icon: "file-code-2", title: "Code" },
  { tab: "output", icon: "terminal", title: "Output" },
  { tab: "questions", icon: "list-checks", title: "Questions" },
  { tab: "chat", icon: "message-square", title: "Chat" },
  { tab: "people", icon: "users", title: "People" },
];

/** The foot of a phone's screen. */
export function TabBar() {
  const desk = useDesk();
  return (
    <nav class="tab-bar" aria-label="Parts of the room">
      {TABS.map(({ tab: which, icon, title }) => (
        <button
          key={which}
          type="button"
          class="tab-bar-button"
          aria-current={tab.value === which ? "page" : undefined}
          onClick={() => {
            tab.value = which;
          }}
        >
          <span class="tab-bar-icon">
            <Icon name={icon} size={18} />
            <Count {...waiting(desk, which)} />
          </span>
          {title}
        </button>
      ))}
    </nav>
  );
}
