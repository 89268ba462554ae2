/** The room's links for an interviewer; where the server keeps them to the host, says where to find them. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Links } from "../../../../protocol/ts/api";
import { Api, ApiError } from "../../room/api";
import { LinksDialog } from "../home/links";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { useDesk } from "./desk";

export function Share() {
  const desk = useDesk();
  const links = useSignal<Links | null>(null);
  const refused = useSignal("");
  const close = () => {
    desk.sheet.value = null;
  };
  useEffect(() => {
    const api = new Api({ token: () => desk.model.client.token });
    api.links(desk.model.room).then(
      (found) => {
        links.value = found;
      },
      (problem: unknown) => {
        refused.value = problem instanceof ApiError && problem.status === 0 ? problem.detail : KEPT;
      },
    );
  }, []);
  const { title } = desk.model;
  if (links.value !== null) return <LinksDialog title={title} links={links.value} onClose={close} />;
  return (
    <Dialog title="Share this room" onClose={close}>
      <p class="muted">{refused.value === "" ? "Fetching the links…" : refused.value}</p>
      <div class="dialog-foot">
        <CopyButton text={() => location.href} label="Copy my interviewer link" />
      </div>
    </Dialog>
  );
}

const KEPT =
  "The candidate's link is with whoever made the room, on the server's home page. Your own link lets another interviewer in.";
