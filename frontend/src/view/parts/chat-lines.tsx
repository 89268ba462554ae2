/** Chat lines as they stand in the room and in the replay: grouped by speaker, with a time at each head. */
import type { ChatLine, Person } from "../../room/state";
import { timeOfDay } from "../clock";
import { Avatar, personColour } from "./avatar";
import { LinkedText } from "./linked-text";

/** µs after which the same speaker's next line gets a head of its own. */
const PAUSE = 5 * 60_000_000;

interface ChatLinesProps {
  chat: readonly ChatLine[];
  people: ReadonlyMap<string, Person>;
}

export function ChatLines({ chat, people }: ChatLinesProps) {
  return (
    <>
      {chat.map((line, at) => (
        <Line key={line.seq} line={line} person={people.get(line.person)} before={chat[at - 1]} />
      ))}
    </>
  );
}

interface LineProps {
  line: ChatLine;
  person: Person | undefined;
  before: ChatLine | undefined;
}

function Line({ line, person, before }: LineProps) {
  const name = person?.name ?? "Someone";
  const goesOn = before?.person === line.person && line.at - before.at < PAUSE;
  return (
    <li class={goesOn ? "chat-line chat-goes-on" : "chat-line"}>
      {!goesOn && (
        <div class="chat-who">
          <Avatar name={name} colour={person?.colour ?? 0} size="s" />
          <strong class="cut" title={name} style={{ color: personColour(person?.colour ?? 0) }}>
            {name}
          </strong>
          <time class="caption faint chat-time">{timeOfDay(line.at)}</time>
        </div>
      )}
      <p class="chat-text">
        <LinkedText text={line.text} />
      </p>
    </li>
  );
}
