/** Text that was typed here but could not be put into the room: shown whole, and kept until its writer lets it go. */
import type { RecoveredFile } from "../../room/recovered";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { type Desk, useDesk } from "./desk";

export function RecoveredCopy() {
  const desk = useDesk();
  const copy = desk.model.recovered.value;
  if (copy === null || desk.copyLaidBy.value === copy) return null;
  const layBy = () => {
    desk.copyLaidBy.value = copy;
  };
  return (
    <Dialog title="A copy of your text" onClose={layBy} width="wide">
      <p class="muted">
        Some of what you typed could not be put into the room. This is the text as it stood on this page: copy
        what is missing, and put it in again.
      </p>
      <ul class="recovered">
        {copy.files.map((file, at) => (
          <File key={at} file={file} />
        ))}
      </ul>
      <div class="dialog-foot">
        <button type="button" class="button quiet" onClick={() => desk.model.client.dismissRecovered()}>
          Discard the copy
        </button>
        <button type="button" class="button plain" onClick={layBy}>
          Keep it for later
        </button>
      </div>
    </Dialog>
  );
}

function File({ file }: { file: RecoveredFile }) {
  return (
    <li>
      <div class="recovered-head">
        <span class="mono grow cut">{file.path}</span>
        <CopyButton text={file.text} label="Copy" kind="primary" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keys */}
      <pre class="recovered-text scroll" tabIndex={0}>
        {file.text}
      </pre>
    </li>
  );
}

/** The way back to a copy that was laid by. */
export function showCopy(desk: Desk): void {
  desk.copyLaidBy.value = null;
}
