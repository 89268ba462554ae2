/** Is my work saved? One place, always the same, and never more hopeful than the truth. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Status } from "../../room/client";
import { plural } from "../clock";
import { Icon, type IconName } from "../parts/icon";
import { useDesk } from "./desk";

interface Look {
  icon: IconName;
  words: string;
  /** For narrow windows. */
  short: string;
  tone: "good" | "calm" | "warn" | "bad";
}

/** After the last change has been saved, "Saving…" stays this long, so that the words do not flicker while one types. */
const SETTLE_MS = 700;

export function StatusLine() {
  const { model } = useDesk();
  const status = useSettled(model.status.value);
  const look = describe(status);
  return (
    <span class={`status status-${look.tone}`} role="status">
      <Icon name={look.icon} />
      <span class="status-words">{look.words}</span>
      <span class="status-short" aria-hidden="true">
        {look.short}
      </span>
    </span>
  );
}

function useSettled(status: Status): Status {
  const shown = useSignal(status);
  useEffect(() => {
    const calm = status.kind === "saved" && shown.value.kind === "saving";
    if (!calm && !writing(status, shown.value)) {
      shown.value = status;
      return;
    }
    const timer = setTimeout(() => {
      shown.value = status;
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [status]);
  return shown.value;
}

/** One more change, which is being written to the device: said as soon as it is there. */
function writing(status: Status, shown: Status): boolean {
  return "kept" in status && "kept" in shown && status.kind === shown.kind && shown.kept && !status.kept;
}

function describe(status: Status): Look {
  const kept = waiting(status);
  const count = kept === "" ? "" : ` · ${"pending" in status ? status.pending : 0}`;
  switch (status.kind) {
    case "saved":
      return { icon: "cloud-check", words: "Saved", short: "Saved", tone: "good" };
    case "saving":
      return { icon: "refresh-cw", words: "Saving…", short: "Saving…", tone: "calm" };
    case "suspect":
      return {
        icon: "refresh-cw",
        words: joined("No answer yet", kept),
        short: `No answer${count}`,
        tone: "warn",
      };
    case "syncing":
      return {
        icon: "refresh-cw",
        words: joined("Catching up…", kept),
        short: `Catching up${count}`,
        tone: "calm",
      };
    case "connecting":
      return {
        icon: "refresh-cw",
        words: joined("Connecting…", kept),
        short: `Joining${count}`,
        tone: "calm",
      };
    case "offline":
      return { icon: "wifi-off", words: joined("Offline", kept), short: `Offline${count}`, tone: "warn" };
    case "not-recorded":
      return {
        icon: "triangle-alert",
        words: joined("Not recorded", kept),
        short: "Not recorded",
        tone: "bad",
      };
    case "ended":
      return {
        icon: "lock",
        words: joined("Ended", kept && `${kept}, not sent`),
        short: "Ended",
        tone: "calm",
      };
    case "closed":
      return { icon: "circle-x", words: joined("Disconnected", kept), short: "Closed", tone: "bad" };
  }
}

/** `12 changes kept on this device`, once they really are; until then they are on this page. */
function waiting(status: Status): string {
  if (status.kind === "saved" || status.pending === 0) return "";
  const onDevice = "kept" in status && status.kept;
  return `${plural(status.pending, "change")} kept on this ${onDevice ? "device" : "page"}`;
}

function joined(first: string, second: string): string {
  return second === "" ? first : `${first}, ${second}`;
}
