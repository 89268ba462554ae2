/** In place of outputs that this page was not told when it came: how much there is, and a way to see it. */
import { useSignal } from "@preact/signals";
import { bytes } from "../clock";

interface LeftOutProps {
  count: number;
  /** Answers why they cannot be shown, or null. */
  show: (() => Promise<string | null>) | undefined;
}

export function LeftOut({ count, show }: LeftOutProps) {
  const loading = useSignal(false);
  const error = useSignal("");
  const ask = async () => {
    loading.value = true;
    error.value = (await show?.()) ?? "";
    loading.value = false;
  };
  return (
    <div class="out-note out-left" role="status">
      Output of an earlier run, {bytes(count)}.
      {show !== undefined && (
        <button type="button" class="button quiet small" disabled={loading.value} onClick={ask}>
          {loading.value ? "Loading…" : "Show"}
        </button>
      )}
      {error.value}
    </div>
  );
}
