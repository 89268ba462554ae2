/** The chat: lines in order, grouped by speaker, and a field that keeps what could not be sent. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { ChatLine } from "../../room/state";
import { timeOfDay } from "../clock";
import { Avatar, personColour } from "../parts/avatar";
import { Icon } from "../parts/icon";
import { type Desk, useDesk } from "./desk";

const MAX = 4000;
/** µs after which the same speaker's next line gets a head of its own. */
const PAUSE = 5 * 60_000_000;

export function Chat() {
  const desk = useDesk();
  const { chat } = desk.model.state.value;
  const list = useRef<HTMLOListElement>(null);
  const last = chat[chat.length - 1]?.seq ?? 0;
  useEffect(() => {
    desk.chatSeen.value = last;
  }, [last]);
  useLayoutEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [last]);
  return (
    <>
      <ol class="chat-list scroll" ref={list} aria-label="Messages" aria-live="polite">
        {chat.map((line, at) => (
          <Line key={line.seq} desk={desk} line={line} before={chat[at - 1]} />
        ))}
        {chat.length === 0 && (
          <li class="empty">
            <Icon name="message-square" size={24} />
            <h3>No messages</h3>
            <p>Everyone in the room sees what is written here. It is recorded with the session.</p>
          </li>
        )}
      </ol>
      {desk.model.may("chat") && <Say desk={desk} />}
    </>
  );
}

function Line({ desk, line, before }: { desk: Desk; line: ChatLine; before: ChatLine | undefined }) {
  const person = desk.model.person(line.person);
  const name = person?.name ?? "Someone";
  const goesOn = before?.person === line.person && line.at - before.at < PAUSE;
  return (
    <li class={goesOn ? "chat-line chat-goes-on" : "chat-line"}>
      {!goesOn && (
        <div class="chat-who">
          <Avatar name={name} colour={person?.colour ?? 0} size="s" />
          <strong style={{ color: personColour(person?.colour ?? 0) }}>{name}</strong>
          <time class="caption faint">{timeOfDay(line.at)}</time>
        </div>
      )}
      <p class="chat-text">{line.text}</p>
    </li>
  );
}

function Say({ desk }: { desk: Desk }) {
  const text = useSignal("");
  const error = useSignal("");
  const send = async () => {
    const words = text.value.trim();
    if (words === "") return;
    text.value = "";
    const result = await desk.model.client.chat(words);
    error.value = result.ok ? "" : `Not sent. ${result.message}`;
    if (!result.ok && text.value === "") text.value = words;
  };
  return (
    <form
      class="chat-form"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {error.value !== "" && (
        <p class="field-error" role="alert">
          {error.value}
        </p>
      )}
      <div class="chat-row">
        <textarea
          class="field"
          rows={Math.min(6, text.value.split("\n").length)}
          aria-label="Message to everyone"
          placeholder="Message to everyone"
          maxLength={MAX}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            void send();
          }}
        />
        <button
          type="submit"
          class="button primary square"
          aria-label="Send"
          disabled={text.value.trim() === ""}
        >
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}
