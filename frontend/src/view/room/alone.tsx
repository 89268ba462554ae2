/** While nobody else is here: how to invite, for those who may; for the others, whom the room waits for. */
import { useEffect } from "preact/hooks";
import { onlyHere } from "../home/links";
import { CopyButton } from "../parts/copy";
import { Icon } from "../parts/icon";
import { QrCode } from "../parts/qr";
import { type Desk, useDesk } from "./desk";
import { useLinks } from "./use-links";

/** Is there nobody else? Once somebody came, or the word was put away, it is not said again. */
function useAlone(desk: Desk): boolean {
  const { model, notAlone } = desk;
  const company = [...model.people.values()].some(
    (person) => person.online && person.id !== model.client.person,
  );
  useEffect(() => {
    if (company) notAlone.value = true;
  }, [company]);
  return model.me !== undefined && model.endedAt === null && !company && !notAlone.value;
}

function wordsFor(desk: Desk): { title: string; text: string } {
  if (desk.model.may("revoke")) {
    return {
      title: "Nobody else is here yet",
      text: "Send the candidate their link, or let them scan it. They need no account.",
    };
  }
  if (desk.model.may("edit")) {
    return {
      title: "Waiting for the interviewer",
      text: "You can begin already. Whoever comes later sees everything that is here.",
    };
  }
  return { title: "Nobody else is here yet", text: "What they do appears here by itself." };
}

/** Above the output, where there is room for a code to scan. */
export function AloneCard() {
  const desk = useDesk();
  if (!useAlone(desk)) return null;
  const { title, text } = wordsFor(desk);
  return (
    <section class="alone" aria-label={title}>
      <h3>{title}</h3>
      <p class="muted">{text}</p>
      {desk.model.may("revoke") && <Invite desk={desk} />}
      <PutAway desk={desk} />
    </section>
  );
}

/** Under the bar of a phone, where one thing is seen at a time. */
export function AloneStrip() {
  const desk = useDesk();
  if (!useAlone(desk)) return null;
  return (
    <div class="banner banner-calm alone-strip" role="status">
      <Icon name="users" />
      <span class="grow">{wordsFor(desk).title}</span>
      {desk.model.may("revoke") && (
        <button type="button" class="button plain" onClick={() => openShare(desk)}>
          Invite
        </button>
      )}
      <PutAway desk={desk} />
    </div>
  );
}

function PutAway({ desk }: { desk: Desk }) {
  return (
    <button
      type="button"
      class="button quiet square small alone-close"
      aria-label="Dismiss"
      onClick={() => {
        desk.notAlone.value = true;
      }}
    >
      <Icon name="x" size={14} />
    </button>
  );
}

function openShare(desk: Desk): void {
  desk.sheet.value = "share";
}

function Invite({ desk }: { desk: Desk }) {
  const fetched = useLinks(desk);
  const link = fetched !== null && "links" in fetched ? fetched.links.candidate : null;
  return (
    <>
      <div class="alone-actions">
        <div class="link-actions">
          <CopyButton text={link ?? ""} label="Copy candidate link" kind="primary" disabled={link === null} />
          <button type="button" class="button plain" onClick={() => openShare(desk)}>
            All links
          </button>
        </div>
        {link !== null && onlyHere(link) && (
          <p class="caption faint">This link works on this computer only.</p>
        )}
      </div>
      <div class="alone-qr">
        {link !== null && <QrCode text={link} label="QR code of the candidate link" />}
      </div>
    </>
  );
}
