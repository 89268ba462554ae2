/** The bar over the room: its title, the people in it, whether the work is saved, sharing, theme and the end. */
import type { Person } from "../../room/state";
import { away, tick } from "../clock";
import { Avatar } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { Mark } from "../parts/page";
import { ThemeButton, themeChoices } from "../parts/theme-button";
import { copyAddress, endSession } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { shape } from "./layout";
import { StatusLine } from "./status";

/** People who left longer ago than this are in the list of people, not in the bar. */
const RECENT_MS = 15 * 60_000;
const SHOWN = 6;
/** So many absences are told in words; more would push the title away. */
const WORDED = 2;

export function TopBar() {
  const desk = useDesk();
  const { title } = desk.model;
  return (
    <header class="top">
      <Mark size={20} />
      <h1 class="top-title cut" title={title}>
        {title || "Room"}
      </h1>
      {desk.model.client.role === "observer" && (
        <span class="badge">
          <Icon name="eye" size={14} />
          Watching
        </span>
      )}
      <span class="grow" />
      {shape.value !== "narrow" && <Faces desk={desk} />}
      <StatusLine />
      {shape.value === "narrow" ? <Narrow desk={desk} /> : <Wide desk={desk} />}
    </header>
  );
}

function Wide({ desk }: { desk: Desk }) {
  const { model } = desk;
  return (
    <div class="top-actions">
      {model.may("revoke") && (
        <button
          type="button"
          class="button plain"
          aria-label="Share"
          onClick={() => {
            desk.sheet.value = "share";
          }}
        >
          <Icon name="share-2" />
          <span class="button-words">Share</span>
        </button>
      )}
      <ThemeButton />
      <button
        type="button"
        class="button quiet square"
        aria-label="All commands"
        title="All commands"
        onClick={() => {
          desk.sheet.value = "palette";
        }}
      >
        <Icon name="command" />
      </button>
      {model.may("end") && (
        <button
          type="button"
          class="button quiet"
          aria-label="End the session"
          title="End the session"
          onClick={() => void endSession(desk)}
        >
          <Icon name="door-open" />
          <span class="button-words">End</span>
        </button>
      )}
    </div>
  );
}

function Narrow({ desk }: { desk: Desk }) {
  const { model } = desk;
  const open = (sheet: "share" | "palette" | "device") => () => {
    desk.sheet.value = sheet;
  };
  const choices = [
    ...(model.may("revoke") ? [{ label: "Share this room", pick: open("share") }] : []),
    { label: "Copy my own link", pick: () => void copyAddress() },
    { label: "Continue on another device", pick: open("device") },
    { label: "All commands", pick: open("palette") },
    ...themeChoices(),
    ...(model.may("end")
      ? [{ label: "End the session", danger: true, pick: () => void endSession(desk) }]
      : []),
  ];
  return (
    <Menu label="More" choices={choices}>
      <Icon name="ellipsis" />
    </Menu>
  );
}

function Faces({ desk }: { desk: Desk }) {
  const now = desk.model.client.now();
  const { people } = desk.model;
  const here = [...people.values()]
    .filter((person) => !person.removed && (person.online || (now - person.since) / 1000 < RECENT_MS))
    .sort((a, b) => Number(b.online) - Number(a.online));
  const absent = here.filter((person) => !person.online);
  return (
    <ul class="top-faces" aria-label="People">
      {here.slice(0, SHOWN).map((person) => (
        <li key={person.id}>
          <Face desk={desk} person={person} worded={absent.length <= WORDED} />
        </li>
      ))}
      {here.length > SHOWN && <li class="caption faint">+{here.length - SHOWN}</li>}
    </ul>
  );
}

function Face({ desk, person, worded }: { desk: Desk; person: Person; worded: boolean }) {
  const me = person.id === desk.model.client.person;
  const state = presence(desk, person);
  const face = <Avatar name={person.name} colour={person.colour} away={!person.online} />;
  if (me || !person.online) {
    return (
      <span class="face" title={`${person.name}${me ? " (you)" : ""}, ${person.role}, ${state}`}>
        {face}
        <span class="hidden-text">{`${person.name}${me ? " (you)" : ""}, ${person.role}, ${state}`}</span>
        {!person.online && worded && (
          <span class="face-words caption" aria-hidden="true">
            <span class="face-name">{person.name}, </span>
            {state}
          </span>
        )}
      </span>
    );
  }
  const followed = desk.following.value === person.id;
  const label = `${person.name}, ${person.role}, ${state}. ${followed ? "Stop following" : "Follow"}`;
  return (
    <button
      type="button"
      class="face face-button"
      aria-pressed={followed}
      aria-label={label}
      title={label}
      onClick={() => desk.follow(person.id)}
    >
      {face}
    </button>
  );
}

/** `here`, `away 14 s`, `not connected` for one who was never seen on a seat. */
export function presence(desk: Desk, person: Person): string {
  void tick.value;
  if (person.online) return "here";
  return `away ${away((desk.model.client.now() - person.since) / 1000)}`;
}
