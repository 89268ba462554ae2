/** A judgement in the room: its card, a way to stop it, and for interviewers what a later page was not told. */
import { useSignal } from "@preact/signals";
import type { JudgementState } from "../../../room/state";
import { Icon } from "../../parts/icon";
import { useDesk } from "../desk";
import { cancelTests, fetched, fetchResults } from "./deeds";
import { JudgementCard } from "./judgement-card";
import { doneOf, rowsOf } from "./verdict";

export function Judgement({ judgement }: { judgement: JudgementState }) {
  const { model } = useDesk();
  const told = model.private.verdicts.get(judgement.judgement);
  const read = fetched.value.get(judgement.judgement);
  const rows = rowsOf(judgement, told, read);
  const interviewer = model.may("question.add");
  const mine = judgement.by === model.client.person || interviewer;
  const going = judgement.finishedAt === undefined && judgement.cancelledBy === undefined;
  return (
    <JudgementCard
      judgement={judgement}
      by={model.person(judgement.by)}
      rows={rows}
      notes={read?.notes ?? told?.notes ?? []}
      stop={going && mine && model.may("tests.cancel") && <Stop judgement={judgement} />}
    >
      {read === undefined && interviewer && rows.length < doneOf(judgement) && (
        <ShowEach judgement={judgement} />
      )}
    </JudgementCard>
  );
}

function Stop({ judgement }: { judgement: JudgementState }) {
  const desk = useDesk();
  return (
    <button
      type="button"
      class="button plain small"
      onClick={() => void cancelTests(desk, judgement.question, judgement.judgement)}
    >
      <Icon name="square" size={12} />
      Stop
    </button>
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
