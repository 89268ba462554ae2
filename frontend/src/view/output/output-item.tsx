/** One output of a run, each kind in its own form. */
import type { Output } from "../../../../protocol/ts/outputs";
import type { Answer } from "../../room/state";
import { bytes } from "../clock";
import { ErrorBlock } from "./error-block";
import { HtmlFrame } from "./html-frame";
import { JsonTree } from "./json-tree";
import { choose } from "./mime";
import { TextBlock } from "./text-block";
import type { Place } from "./traceback";

interface ItemProps {
  output: Output | Answer;
  /** The run was stopped: where it was then is no error. */
  stopped: boolean;
  paths: ReadonlySet<string>;
  jump: (place: Place) => (() => void) | null;
}

export function OutputItem({ output, stopped, paths, jump }: ItemProps) {
  switch (output.output_type) {
    case "stream":
      return <TextBlock text={output.text} tone={output.name === "stderr" ? "stderr" : "plain"} />;
    case "error":
      return <ErrorBlock error={output} stopped={stopped} paths={paths} jump={jump} />;
    case "dropped":
      return <Dropped bytes={output.bytes} />;
    case "answer":
      return <Answered answer={output} />;
    case "clear_output":
      return null;
    case "execute_result":
      return (
        <div class="out-result">
          <Shown data={output.data} />
          {output.execution_count !== null && (
            <span class="out-count caption faint mono" title="The value of the last line">
              Out[{output.execution_count}]
            </span>
          )}
        </div>
      );
    default:
      return <Shown data={output.data} />;
  }
}

function Answered({ answer }: { answer: Answer }) {
  return (
    <p class="out-answer mono">
      {answer.prompt}
      {answer.text === undefined ? <span class="faint">(not recorded)</span> : <strong>{answer.text}</strong>}
    </p>
  );
}

export function Dropped({ bytes: count }: { bytes: number }) {
  return <p class="out-dropped">… {bytes(count)} not kept</p>;
}

function Shown({ data }: { data: Parameters<typeof choose>[0] }) {
  const shown = choose(data);
  switch (shown.form) {
    case "image":
      return <img class="out-image" src={shown.source} alt={shown.alt} />;
    case "html":
      return <HtmlFrame html={shown.html} scripted={shown.scripted} text={shown.text} />;
    case "json":
      return <JsonTree value={shown.value} />;
    default:
      return (
        <div>
          {shown.note !== undefined && <p class="out-note">{shown.note}</p>}
          <TextBlock text={shown.text} />
        </div>
      );
  }
}
