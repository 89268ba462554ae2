/** One output of a run, each kind in its own form. */
import type { MimeBundle, Output } from "../../../../protocol/ts/outputs";
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
      return <Shown data={output.data} count={output.execution_count} />;
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

/** `count`: of the value of the last line, which words alone have room to tell beside them. */
function Shown({ data, count = null }: { data: MimeBundle; count?: number | null }) {
  const shown = choose(data);
  if (shown.form === "image") return <img class="out-image" src={shown.source} alt={shown.alt} />;
  if (shown.form === "html")
    return <HtmlFrame html={shown.html} scripted={shown.scripted} text={shown.text} />;
  return (
    <div class="out-result">
      {shown.form === "json" ? (
        <JsonTree value={shown.value} />
      ) : (
        <Words text={shown.text} note={shown.note} />
      )}
      {count !== null && (
        <span class="out-count caption faint mono" title="The value of the last line">
          Out[{count}]
        </span>
      )}
    </div>
  );
}

function Words({ text, note }: { text: string; note: string | undefined }) {
  return (
    <div>
      {note !== undefined && <p class="out-note">{note}</p>}
      <TextBlock text={text} />
    </div>
  );
}
