/** One running of a question's tests: by whom, when, how far, how it ended; its tests, and a way to stop it. */
import { useSignal } from "@preact/signals";
import type { JudgementState } from "../../../room/state";
import { span, timeOfDay } from "../../clock";
import { Avatar } from "../../parts/avatar";
import { Icon } from "../../parts/icon";
import { useDesk } from "../desk";
import { cancelTests, fetched, fetchResults } from "./deeds";
import { Results } from "./results";
import { doneOf, rowsOf, sayingOf } from "./verdict";

export function Judgement({ judgement }: { judgement: JudgementState }) {
  const desk = useDesk();
  const { model } = desk;
  const by = model.person(judgement.by);
  const told = model.private.verdicts.get(judgement.judgement);
  const read = fetched.value.get(judgement.judgement);
  const rows = rowsOf(judgement, told, read);
  const said = sayingOf(judgement, rows.length);
  const going = judgement.finishedAt === undefined;
  const mine = judgement.by === model.client.person || model.may("question.add");
  const notes = read?.notes ?? told?.notes ?? [];
  return (
    <article class="judgement" aria-label={`Tests run by ${by?.name ?? "the host"}: ${said.words}`}>
      <header class="judgement-head">
        {by !== undefined && <Avatar name={by.name} colour={by.colour} size="s" />}
        <span class="grow cut">
          <strong>{by?.name ?? "The host"}</strong>{" "}
          <time class="caption faint">{timeOfDay(judgement.queuedAt)}</time>
        </span>
        {going && judgement.cancelledBy === undefined && mine && model.may("tests.cancel") && (
          <button
            type="button"
            class="button plain small"
            onClick={() => void cancelTests(desk, judgement.question, judgement.judgement)}
          >
            <Icon name="square" size={12} />
            Stop
          </button>
        )}
      </header>
      <p class={`judgement-said run-${said.tone}`} role={going ? "status" : undefined}>
        <Icon name={said.icon} size={14} />
        {said.words}
        {judgement.duration !== undefined && judgement.duration > 0 && (
          <span class="caption faint">{span(judgement.duration / 1000)}</span>
        )}
      </p>
      {judgement.detail !== undefined && <p class="judgement-note">{sentence(judgement.detail)}</p>}
      {notes.map((note) => (
        <p key={note} class="judgement-note">
          <Icon name="lock" size={12} />
          {sentence(note)}
        </p>
      ))}
      {rows.length > 0 && <Results rows={rows} />}
      {read === undefined && model.may("question.add") && rows.length < doneOf(judgement) && (
        <ShowEach judgement={judgement} />
      )}
    </article>
  );
}

/** A page that came later was told the counts alone. */
function ShowEach({ judgement }: { judgement: JudgementState }) {
  const desk = useDesk();
  const reading = useSignal(false);
  const show = async () => {
    reading.value = true;
    await fetchResults(desk, judgement.question, judgement.judgement);
    reading.value = false;
  };
  return (
    <button type="button" class="button quiet small" disabled={reading.value} onClick={() => void show()}>
      {reading.value ? "Reading…" : "Show each test"}
    </button>
  );
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;
}
