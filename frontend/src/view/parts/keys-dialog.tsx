/** All keys on one sheet. */
import { Dialog } from "./dialog";

interface KeysDialogProps {
  /** What it does, and how the key is written. */
  keys: readonly (readonly [title: string, key: string])[];
  onClose: () => void;
}

export function KeysDialog({ keys, onClose }: KeysDialogProps) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl class="keys-list">
        {keys.map(([title, key]) => (
          <div key={title}>
            <dt>{title}</dt>
            <dd>
              <kbd>{key}</kbd>
            </dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
