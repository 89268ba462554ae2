/** What came of each test, one below the other; what it said and printed unfolds where the reader may know it. */
import type { TestOutcome } from "../../../../../protocol/ts/entries";
import { span } from "../../clock";
import { TextBlock } from "../../output/text-block";
import { Icon, type IconName } from "../../parts/icon";

/** One test; `duration` in ms. */
export interface Row {
  n: number;
  name: string;
  outcome: TestOutcome;
  duration: number;
  message?: string | undefined;
  printed?: string | undefined;
}

const OUTCOMES: Record<TestOutcome, { icon: IconName; words: string; tone: string }> = {
  passed: { icon: "check", words: "Passed", tone: "good" },
  failed: { icon: "circle-x", words: "Failed", tone: "bad" },
  error: { icon: "triangle-alert", words: "Error", tone: "bad" },
  skipped: { icon: "step-forward", words: "Skipped", tone: "calm" },
};

export function Results({ rows }: { rows: readonly Row[] }) {
  return (
    <ul class="tests" aria-label="Tests">
      {rows.map((row) => (
        <li key={row.n} class="test">
          <Result row={row} />
        </li>
      ))}
    </ul>
  );
}

function Result({ row }: { row: Row }) {
  const { message = "", printed = "" } = row;
  if (message === "" && printed === "") return <Head row={row} />;
  return (
    <details class="test-more">
      <summary>
        <Head row={row} />
      </summary>
      {message !== "" && <TextBlock text={message} />}
      {printed !== "" && (
        <>
          <p class="caption faint">Printed by the candidate's code</p>
          <TextBlock text={printed} />
        </>
      )}
    </details>
  );
}

function Head({ row }: { row: Row }) {
  const { icon, words, tone } = OUTCOMES[row.outcome];
  const cut = row.name.lastIndexOf("::");
  return (
    <span class="test-head">
      <span class={`test-icon run-${tone}`}>
        <Icon name={icon} size={14} />
        <span class="hidden-text">{words}: </span>
      </span>
      <span class="test-name mono" title={row.name}>
        {cut < 0 ? row.name : row.name.slice(cut + 2)}
      </span>
      <span class="caption faint">{span(row.duration)}</span>
    </span>
  );
}
