/** One question: what it brings along, its examples, its tests, and what came of them. */
import type { Visibility } from "../../../../../protocol/ts/entries";
import { allows } from "../../../../../protocol/ts/roles";
import type { JudgementState, QuestionState } from "../../../room/state";
import { plural } from "../../clock";
import { FilePath } from "../../parts/file-path";
import { Icon } from "../../parts/icon";
import { runObstacle } from "../deeds";
import { type Desk, useDesk } from "../desk";
import { viewed } from "../folder-deeds";
import { runExamples, runTests } from "./deeds";
import { Hidden } from "./hidden";
import { Judgement } from "./judgement";
import { Service } from "./service";

/** As many asked for and not over as the server takes. */
const WAITING = 5;

export function Question({ question }: { question: QuestionState }) {
  const desk = useDesk();
  const { model } = desk;
  const whole = model.private.questions.get(question.question);
  const judged = model.judgements.filter((one) => one.question === question.question).reverse();
  return (
    <section class="question" aria-label={question.title}>
      <h3 class="question-title">{question.title}</h3>
      {question.service !== undefined && <Service port={question.service.port} of={question.title} />}
      <Files desk={desk} title="Data" paths={question.sqlite ?? []} />
      <Files desk={desk} title="Examples" paths={question.tests?.examples ?? []} />
      {question.tests !== undefined && <Tests desk={desk} question={question} />}
      <Judged judged={judged} />
      {whole !== undefined && <Hidden whole={whole} of={question.title} />}
    </section>
  );
}

/** Data files of the room, under their names. */
function Files({ desk, title, paths }: { desk: Desk; title: string; paths: readonly string[] }) {
  const there = paths.flatMap((path) => desk.model.data.get(path) ?? []);
  if (there.length === 0) return null;
  return (
    <div>
      <h4 class="question-part">{title}</h4>
      <ul>
        {there.map(({ path, size }) => (
          <li key={path}>
            <button
              type="button"
              class="file-open"
              onClick={() => {
                viewed.value = { shelf: "data", path, size };
              }}
            >
              <Icon name="file" />
              <FilePath path={path} />
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Tests({ desk, question }: { desk: Desk; question: QuestionState }) {
  const { model } = desk;
  const { visibility, run_by: runBy, examples } = question.tests ?? NO_TESTS;
  const interviewer = allows(model.client.role, "question.add"); // also when the session has ended
  const may = model.may("tests.run") && (interviewer || runBy === "candidate");
  const obstacle = runObstacle(desk);
  const waiting = model.judgements.filter((one) => one.finishedAt === undefined).length;
  return (
    <div class="question-tests">
      <p class="question-line muted">
        {interviewer ? forInterviewer(visibility, runBy) : forOthers(visibility, runBy, may)}
      </p>
      <div class="question-deeds">
        {examples.length > 0 && model.may("run") && (
          <button
            type="button"
            class="button plain"
            disabled={obstacle !== null}
            title={obstacle ?? "Run the examples in the room's kernel"}
            onClick={() => void runExamples(desk, question.question)}
          >
            <Icon name="play" />
            Run the examples
          </button>
        )}
        {may && (
          <button
            type="button"
            class="button primary"
            disabled={obstacle !== null || waiting >= WAITING}
            title={obstacle ?? "Run the hidden tests on the files as they are now"}
            onClick={() => void runTests(desk, question.question)}
          >
            <Icon name="list-checks" />
            {interviewer ? "Run hidden tests" : "Run the tests"}
          </button>
        )}
      </div>
    </div>
  );
}

const NO_TESTS = { visibility: "counts", run_by: "interviewer", examples: [] } as const;

function forInterviewer(visibility: Visibility, runBy: string): string {
  const see = {
    counts: "Candidates see how many tests pass",
    names: "Candidates see the names of the tests and which of them pass",
    messages: "Candidates see which tests pass, and what failing ones say",
  }[visibility];
  return `${see}. ${runBy === "candidate" ? "They can run them." : "Interviewers run them."}`;
}

/** For the candidate, and for observers, who run nothing. */
function forOthers(visibility: Visibility, runBy: string, may: boolean): string {
  const see = {
    counts: "You see how many pass",
    names: "You see which of them pass",
    messages: "You see which of them pass, and what failing ones say",
  }[visibility];
  const runs = runBy === "candidate" ? " The candidate may run them." : " An interviewer runs them.";
  return `There are hidden tests. ${see}.${may ? "" : runs}`;
}

/** The last one open, those before it folded. */
function Judged({ judged }: { judged: readonly JudgementState[] }) {
  const [last, ...earlier] = judged;
  if (last === undefined) return null;
  return (
    <div class="judged">
      <Judgement key={last.judgement} judgement={last} />
      {earlier.length > 0 && (
        <details class="judged-earlier">
          <summary class="caption">{plural(earlier.length, "earlier run")}</summary>
          {earlier.map((one) => (
            <Judgement key={one.judgement} judgement={one} />
          ))}
        </details>
      )}
    </div>
  );
}
