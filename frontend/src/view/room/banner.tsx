/** What stands between a person and the room, said once it has lasted: what happened, what it means, what to do. */
import type { ComponentChildren } from "preact";
import type { Status } from "../../room/client";
import { BAD_TOKEN, DRAINING } from "../../room/closes";
import { plural, tick } from "../clock";
import { Icon, type IconName } from "../parts/icon";
import { follow } from "../router";
import { replayAddress } from "./deeds";
import { type Desk, useDesk } from "./desk";
import { showCopy } from "./recovered";

/** Shorter breaks mend themselves before anybody has read a sentence about them. */
const PATIENCE_MS = 3000;

export function Banner() {
  const desk = useDesk();
  return (
    <>
      <Link desk={desk} />
      <Copy desk={desk} />
    </>
  );
}

/** As long as text is kept that the room does not have, the way to it stands here. */
function Copy({ desk }: { desk: Desk }) {
  const { recovered, client, link } = desk.model;
  if (recovered.value === null || desk.copyLaidBy.value === null) return null;
  void link.value;
  const words = `A copy of text that could not be put into the room is kept on this ${client.kept ? "device" : "page"}.`;
  return (
    <Strip tone="warn" icon="files" words={words}>
      <button type="button" class="button plain" onClick={() => showCopy(desk)}>
        Show the copy
      </button>
    </Strip>
  );
}

function Link({ desk }: { desk: Desk }) {
  const status = desk.model.status.value;
  switch (status.kind) {
    case "ended":
      return <Ended desk={desk} pending={status.pending} />;
    case "closed":
      return (
        <Strip tone="bad" icon="circle-x" words={`${status.reason}${kept(status)}`}>
          <button type="button" class="button plain" onClick={() => location.reload()}>
            {status.code === BAD_TOKEN ? "Join again" : "Reload"}
          </button>
        </Strip>
      );
    case "saved":
    case "saving":
    case "suspect":
    case "syncing":
      return null;
    default:
      return <Down desk={desk} status={status} />;
  }
}

type Broken = Extract<Status, { kind: "offline" | "not-recorded" | "connecting" }>;

function Down({ desk, status }: { desk: Desk; status: Broken }) {
  const { down, client, link } = desk.model;
  if (status.kind !== "not-recorded" && (down.value === null || tick.value - down.value < PATIENCE_MS))
    return null;
  const bad = status.kind === "not-recorded";
  const place = status.kept ? "device" : "page";
  const words = bad
    ? `The room cannot record just now. What you type is kept on this ${place} and is sent when recording works again.`
    : `${link.value.code === DRAINING ? "The server is restarting." : "The link dropped."} Your work is kept on this ${place} and will be sent when it is back.`;
  return (
    <Strip tone={bad ? "bad" : "warn"} icon={bad ? "triangle-alert" : "wifi-off"} words={words}>
      <span class="banner-wait caption">{wait(status)}</span>
      <button type="button" class="button plain" onClick={() => client.retryNow()}>
        Retry now
      </button>
    </Strip>
  );
}

function wait(status: Broken): string {
  if (status.kind === "connecting" || status.retryAt === null) return "Trying…";
  const seconds = Math.ceil((status.retryAt - tick.value) / 1000);
  return seconds > 0 ? `Next try in ${seconds} s` : "Trying…";
}

function kept({ pending, kept: onDevice }: { pending: number; kept: boolean }): string {
  if (pending === 0) return "";
  if (onDevice) return ` ${plural(pending, "change is", "changes are")} kept on this device.`;
  return ` ${plural(pending, "change is", "changes are")} on this page only: copy what you need before you reload.`;
}

function Ended({ desk, pending }: { desk: Desk; pending: number }) {
  const lost =
    pending > 0 ? " Your last changes came too late to be recorded; they are still in the editor." : "";
  return (
    <Strip
      tone="calm"
      icon="lock"
      words={`This session has ended. It can be read, and nothing more is recorded.${lost}`}
    >
      <a class="button plain" href={replayAddress(desk)} onClick={follow}>
        <Icon name="history" />
        Replay
      </a>
    </Strip>
  );
}

interface StripProps {
  tone: "warn" | "bad" | "calm";
  icon: IconName;
  words: string;
  children: ComponentChildren;
}

function Strip({ tone, icon, words, children }: StripProps) {
  return (
    <div class={`banner banner-${tone}`} role={tone === "bad" ? "alert" : "status"}>
      <Icon name={icon} />
      <span class="grow">{words}</span>
      {children}
    </div>
  );
}
