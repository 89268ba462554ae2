/** One running of a question's tests: by whom, when, how far, how it ended, and its tests; the same then as now. */
import type { ComponentChildren } from "preact";
import type { JudgementState } from "../../../room/state";
import { span, timeOfDay } from "../../clock";
import { TextBlock } from "../../output/text-block";
import { Avatar } from "../../parts/avatar";
import { Icon } from "../../parts/icon";
import { Results, type Row } from "./results";
import { sayingOf } from "./verdict";

interface CardProps {
  judgement: JudgementState;
  by: { name: string; colour: number } | undefined;
  rows: readonly Row[];
  /** Words for interviewers alone. */
  notes?: readonly string[];
  /** A way to stop it. */
  stop?: ComponentChildren;
  children?: ComponentChildren;
}

export function JudgementCard({ judgement, by, rows, notes = [], stop, children }: CardProps) {
  const said = sayingOf(judgement, rows.length);
  const { duration = 0, detail, unisolated = false } = judgement;
  return (
    <article class="judgement" aria-label={`Tests run by ${by?.name ?? "the host"}: ${said.words}`}>
      <header class="judgement-head">
        {by !== undefined && <Avatar name={by.name} colour={by.colour} size="s" />}
        <span class="grow cut">
          <strong>{by?.name ?? "The host"}</strong>{" "}
          <time class="caption faint">{timeOfDay(judgement.queuedAt)}</time>
        </span>
        {stop}
      </header>
      <p
        class={`judgement-said run-${said.tone}`}
        role={judgement.finishedAt === undefined ? "status" : undefined}
      >
        <Icon name={said.icon} size={14} />
        {said.words}
        {duration > 0 && <span class="caption faint">{span(duration / 1000)}</span>}
      </p>
      {unisolated && (
        <p class="judgement-note">This server runs code without walls: these results could be forged.</p>
      )}
      {detail !== undefined && <p class="judgement-note">{sentence(detail)}</p>}
      {notes.map((note) => (
        <Note key={note} note={note.trim()} />
      ))}
      {rows.length > 0 && <Results rows={rows} />}
      {children}
    </article>
  );
}

/** A traceback is its last line, and unfolds. */
function Note({ note }: { note: string }) {
  const lines = note.split("\n");
  if (lines.length === 1)
    return (
      <p class="judgement-note">
        <Icon name="lock" size={12} />
        {sentence(note)}
      </p>
    );
  const [subject] = note.split(": Traceback");
  return (
    <details class="test-more">
      <summary class="judgement-note">
        <Icon name="lock" size={12} />
        {capital(subject === note ? (lines[0] ?? "") : `${subject}: ${lines.at(-1)}`)}
      </summary>
      <TextBlock text={note} />
    </details>
  );
}

function sentence(words: string): string {
  return `${capital(words)}${/[.!?]$/.test(words) ? "" : "."}`;
}

function capital(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
