/** Before one goes in: which room, in which role, what is recorded, and a field for one's name. */
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import type { Invitation } from "../../../../protocol/ts/api";
import type { Role } from "../../../../protocol/ts/roles";
import { Avatar } from "../parts/avatar";
import { Icon, type IconName } from "../parts/icon";
import { Page } from "../parts/page";

const NAME_MAX = 60;

interface JoinPageProps {
  invitation: Invitation | null;
  purpose: "work" | "replay";
  busy: boolean;
  name: string;
  error: string;
  join: (name: string) => void;
}

const FACTS: readonly { icon: IconName; title: string; text: string }[] = [
  {
    icon: "history",
    title: "This session is recorded",
    text: "Every edit, run, output and chat message, your cursor, and when you come and go. No sound, no picture, nothing outside this page.",
  },
  {
    icon: "eye",
    title: "Who can see it",
    text: "The people in this room, and whoever hosts this server. The recording stays on the server until the host deletes it.",
  },
  {
    icon: "wifi-off",
    title: "If your connection drops",
    text: "Go on typing. The page keeps your changes and sends them when the link is back.",
  },
];

export function JoinPage({ invitation, purpose, busy, name: known, error, join }: JoinPageProps) {
  const name = useSignal(known);
  const id = useId();
  useEffect(() => {
    document.title = "Join · Fourhands";
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    if (name.value.trim() !== "") join(name.value.trim());
  };
  return (
    <Page narrow>
      <section class="join">
        <header class="join-head">
          <p class="caption faint">{purpose === "work" ? "You are invited to" : "The replay of"}</p>
          <h1>{invitation?.title ?? "A room"}</h1>
          <Welcome invitation={invitation} />
        </header>
        <form class="card join-form" onSubmit={submit}>
          <label class="label" for={id}>
            Your name
          </label>
          <input
            id={id}
            class="field"
            autocomplete="name"
            autofocus
            required
            maxLength={NAME_MAX}
            placeholder="As the others know you"
            value={name.value}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
          {error !== "" && (
            <p class="field-error" role="alert">
              {error}
            </p>
          )}
          <button type="submit" class="button primary" disabled={busy || name.value.trim() === ""}>
            {busy ? "Joining…" : purpose === "work" ? "Join" : "Open the replay"}
          </button>
        </form>
        <ul class="join-facts">
          {FACTS.map((fact) => (
            <li class="join-fact" key={fact.title}>
              <Icon name={fact.icon} size={18} />
              <div>
                <h2>{fact.title}</h2>
                <p class="muted caption">{fact.text}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}

const MAY: Record<Role, string> = {
  candidate: "You join as candidate: you can edit, run code and chat.",
  interviewer: "You join as interviewer: you can edit, run code, chat, invite others and end the session.",
  observer: "You join as observer: you see everything and change nothing.",
  host: "You join as host: you can do everything.",
};

/** One height from the first moment on, so that nothing moves when the answer comes. */
function Welcome({ invitation }: { invitation: Invitation | null }) {
  if (invitation === null) return <div class="join-welcome" />;
  return (
    <div class="join-welcome">
      <p class="muted">
        {invitation.ended ? "This session has ended. You can read and replay it." : MAY[invitation.role]}
      </p>
      {!invitation.ended && <People people={invitation.people} />}
    </div>
  );
}

function People({ people }: { people: Invitation["people"] }) {
  if (people.length === 0)
    return <p class="muted join-people">Nobody is there yet; you would be the first.</p>;
  return (
    <ul class="join-people" aria-label="Who is there now">
      {people.map((person, at) => (
        <li class="join-person" key={`${person.name}${at}`}>
          <Avatar name={person.name} colour={at} size="s" />
          <span>
            {person.name} <span class="faint">{person.role}</span>
          </span>
        </li>
      ))}
      <li class="faint">{people.length === 1 ? "is there now" : "are there now"}</li>
    </ul>
  );
}
