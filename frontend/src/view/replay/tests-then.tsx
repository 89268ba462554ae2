/** What had come of tests by the moment shown, as everybody in the room was told. */
import { Icon } from "../parts/icon";
import { JudgementCard } from "../room/questions/judgement-card";
import { rowsOf } from "../room/questions/verdict";
import type { ReplayModel } from "./model";
import "../../styles/questions.css";

export function TestsThen({ model }: { model: ReplayModel }) {
  const judgements = [...model.judgements.value].reverse();
  const { questions } = model.state;
  if (judgements.length === 0)
    return (
      <div class="empty">
        <Icon name="list-checks" size={24} />
        <h3>No tests yet</h3>
        <p>Hidden tests appear here from the moment they were run.</p>
      </div>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys
    <div class="tests-then scroll" tabIndex={0}>
      {judgements.map((judgement) => (
        <section key={judgement.judgement} class="tests-then-one">
          <h3 class="question-part">{questions.get(judgement.question)?.title ?? judgement.question}</h3>
          <JudgementCard judgement={judgement} by={model.people.get(judgement.by)} rows={rowsOf(judgement)} />
        </section>
      ))}
    </div>
  );
}
