/** What had come of tests by the moment shown, as everybody in the room was told. */
import { JudgementCard } from "../room/questions/judgement-card";
import { rowsOf } from "../room/questions/verdict";
import type { ReplayModel } from "./model";
import "../../styles/questions.css";

export function TestsThen({ model }: { model: ReplayModel }) {
  const judgements = [...model.judgements.value].reverse();
  const { questions } = model.state;
  return (
    <div class="tests-then scroll">
      {judgements.map((judgement) => (
        <section key={judgement.judgement} class="tests-then-one">
          <h3 class="question-part">{questions.get(judgement.question)?.title ?? judgement.question}</h3>
          <JudgementCard judgement={judgement} by={model.people.get(judgement.by)} rows={rowsOf(judgement)} />
        </section>
      ))}
      {judgements.length === 0 && <p class="muted tests-then-one">No tests had been run yet.</p>}
    </div>
  );
}
