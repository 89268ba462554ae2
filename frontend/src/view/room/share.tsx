/** The room's links for an interviewer: to copy, to scan, and to replace where one went astray. */
import type { Links } from "../../../../protocol/ts/api";
import { LinksDialog } from "../home/links";
import { confirm } from "../parts/confirm";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { notify } from "../parts/notices";
import { type Desk, useDesk } from "./desk";
import { useLinks } from "./use-links";

export function Share() {
  const desk = useDesk();
  const fetched = useLinks(desk);
  const close = () => {
    desk.sheet.value = null;
  };
  if (fetched !== null && "links" in fetched) {
    const ask = (role: keyof Links, name: string) => void replace(desk, role, name);
    return <LinksDialog title={desk.model.title} links={fetched.links} onClose={close} replace={ask} />;
  }
  return (
    <Dialog title="Share this room" onClose={close}>
      <p class="muted">{fetched === null ? "Fetching the links…" : fetched.refused}</p>
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
  if (result.ok) notify(`The old ${name} link no longer works.`, "good");
  else notify(`The link was not replaced. ${result.message}`, "warning");
}
