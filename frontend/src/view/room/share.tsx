/** The room's links for an interviewer: to copy, to scan, and to replace where one went astray. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Links } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";
import { LinksDialog } from "../home/links";
import { confirm } from "../parts/confirm";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { notify } from "../parts/notices";
import { type Desk, useDesk } from "./desk";

export function Share() {
  const desk = useDesk();
  const links = useSignal<Links | null>(null);
  const refused = useSignal("");
  const { title, revoked } = desk.model;
  useEffect(() => {
    new Api({ token: () => desk.model.client.token }).links(desk.model.room).then(
      (found) => {
        links.value = found;
      },
      (problem: unknown) => {
        refused.value = problem instanceof ApiError ? problem.message : String(problem);
      },
    );
  }, [revoked]);
  const close = () => {
    desk.sheet.value = null;
  };
  if (links.value !== null) {
    const ask = (role: keyof Links, name: string) => void replace(desk, role, name);
    return <LinksDialog title={title} links={links.value} onClose={close} replace={ask} />;
  }
  return (
    <Dialog title="Share this room" onClose={close}>
      <p class="muted">{refused.value === "" ? "Fetching the links…" : refused.value}</p>
      <div class="dialog-foot">
        <CopyButton text={() => location.href} label="Copy my own link" />
      </div>
    </Dialog>
  );
}

async function replace(desk: Desk, role: keyof Links, name: string): Promise<void> {
  const text = `The present ${name} link stops working, and everybody who came in by it is shown out. You get a new one.`;
  if (!(await confirm(`Replace the ${name} link?`, text, "Replace"))) return;
  const before = desk.model.revoked.filter((invite) => invite.startsWith(`${role}/`)).length;
  const result = await desk.model.client.revoke(`${role}/${before + 1}`);
  notify(
    result.ok ? `The old ${name} link no longer works.` : `The link was not replaced. ${result.message}`,
  );
}
