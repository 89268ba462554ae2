/** The questions of the room: what they bring along, their tests, and what came of them. Fetched when first shown. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icon";
import { useDesk } from "../desk";
import { shape } from "../layout";
import { AddQuestion } from "./add";
import { Question } from "./question";
import "../../../styles/questions.css";

export function Questions() {
  const desk = useDesk();
  const adding = useSignal(false);
  const questions = [...desk.model.questions.values()];
  const ends = desk.model.judgements.map((one) => one.finishedAt ?? 0);
  const last = Math.max(0, ...questions.map((one) => one.at), ...ends);
  useEffect(() => {
    desk.questionsSeen.value = last;
  }, [last]);
  const button = useRef<HTMLButtonElement>(null);
  const may = desk.model.may("question.add");
  const add = (
    <button
      ref={button}
      type="button"
      class={`button ${questions.length === 0 ? "primary" : "plain"}`}
      onClick={() => {
        adding.value = true;
      }}
    >
      <Icon name="plus" />
      Add a question…
    </button>
  );
  return (
    <div class="questions scroll">
      {shape.value === "narrow" && <h2 class="hidden-text">Questions</h2>}
      {questions.map((question) => (
        <Question key={question.question} question={question} />
      ))}
      {questions.length === 0 && (
        <div class="empty">
          <Icon name="list-checks" size={24} />
          <h3>No question yet</h3>
          <p>
            {may
              ? "A question can bring hidden tests, examples, data and a small service along."
              : "When an interviewer adds one, it appears here."}
          </p>
          {may && add}
        </div>
      )}
      {questions.length > 0 && may && <div class="questions-foot">{add}</div>}
      {adding.value && (
        <AddQuestion
          onClose={() => {
            adding.value = false;
            // With the first question the button moves; the dialog gives the focus back to where it was.
            requestAnimationFrame(() => {
              if (document.activeElement === document.body) button.current?.focus();
            });
          }}
        />
      )}
    </div>
  );
}
