/** Text that was typed here but cannot be sent, because the room's documents were made anew: to be copied, not lost. */
import { bytes } from "../clock";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { useDesk } from "./desk";

export function RecoveredCopy() {
  const { client, recovered } = useDesk().model;
  const copy = recovered.value;
  if (copy === null) return null;
  return (
    <Dialog title="A copy of your text" onClose={() => client.dismissRecovered()}>
      <p class="muted">
        The room's files were made anew while you were away, so what you typed since cannot be sent. Here is
        all of it.
      </p>
      <ul class="recovered">
        {copy.files.map((file) => (
          <li key={file.path}>
            <span class="mono grow cut">{file.path}</span>
            <span class="caption faint">{bytes(file.text.length)}</span>
            <CopyButton text={file.text} label="Copy" />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
