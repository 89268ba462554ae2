/** The chat: lines in order, grouped by speaker, and a field that keeps what could not be sent. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { ChatLines } from "../parts/chat-lines";
import { Icon } from "../parts/icon";
import { type Desk, useDesk } from "./desk";

const MAX = 4000;

export function Chat() {
  const desk = useDesk();
  const { chat, people } = desk.model;
  const list = useRef<HTMLOListElement>(null);
  const last = chat[chat.length - 1]?.seq ?? 0;
  useEffect(() => {
    desk.chatSeen.value = last;
  }, [last]);
  useLayoutEffect(() => list.current?.scrollTo({ top: list.current.scrollHeight }), [last]);
  return (
    <>
      <ol class="chat-list scroll" ref={list} aria-label="Messages" aria-live="polite">
        <ChatLines chat={chat} people={people} />
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
