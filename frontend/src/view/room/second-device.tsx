/** The way to another device as the same person: a phone for a link that failed, a tablet for the drawing. */
import { onlyHere } from "../home/links";
import { handoverLink } from "../join/handover";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { QrCode } from "../parts/qr";
import { useDesk } from "./desk";

export function SecondDevice() {
  const desk = useDesk();
  const { room, invite, resume, me } = desk.model;
  const link = handoverLink(room, invite, { name: me?.name ?? "", resume });
  const close = () => {
    desk.sheet.value = null;
  };
  return (
    <Dialog title="Continue on another device" onClose={close}>
      <div class="device">
        <div class="device-qr">
          <QrCode text={link} label="QR code that opens this room on another device, as you" correction="L" />
        </div>
        <div class="device-words">
          <p>
            Scan this with your phone or tablet. It comes in as {me?.name ?? "you"}, beside this page: both
            work at once, and either can go.
          </p>
          <p class="muted caption">
            For yourself alone: whoever opens this link acts in your name. It ends when your invite is
            revoked, or you are removed.
          </p>
        </div>
      </div>
      {onlyHere(link) && (
        <p class="links-here caption">
          This page was opened at an address that only this computer has, so no other device can follow.
        </p>
      )}
      <input
        class="field mono link-field"
        readOnly
        aria-label="Link for another device"
        value={link}
        onFocus={(event) => event.currentTarget.select()}
      />
      <div class="dialog-foot">
        <CopyButton text={link} label="Copy the link" kind="primary" />
      </div>
    </Dialog>
  );
}
