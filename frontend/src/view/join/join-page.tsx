/** Before one goes in: which room, in which role, what is recorded, and a field for one's name. */
import { useSignal } from "@preact/signals";
import { useEffect, useId } from "preact/hooks";
import { Icon, type IconName } from "../parts/icon";
import { Page } from "../parts/page";
import { WhoIsThere } from "./who-is-there";

const NAME_MAX = 60;

interface JoinPageProps {
  room: string;
  invite: string;
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

export function JoinPage({ room, invite, purpose, busy, name: known, error, join }: JoinPageProps) {
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
          <h1>{purpose === "work" ? "Join the room" : "Watch the replay"}</h1>
          <WhoIsThere room={room} invite={invite} />
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
                <h3>{fact.title}</h3>
                <p class="muted caption">{fact.text}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </Page>
  );
}
