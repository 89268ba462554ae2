/** The three invites of a room: whom each is for, a copy button, and a QR code for the two that people type on phones. */
import type { Links } from "../../../../protocol/ts/api";
import { CopyButton } from "../parts/copy";
import { Dialog } from "../parts/dialog";
import { QrCode } from "../parts/qr";

const WHO = [
  {
    role: "interviewer",
    name: "Interviewer",
    may: "Edits and runs, deletes files, invites, ends the session.",
  },
  { role: "candidate", name: "Candidate", may: "Edits, runs and chats." },
  { role: "observer", name: "Observer", may: "Watches. Cannot change anything." },
] as const;

/** A server that has no address but this computer's own: its links lead nowhere from any other. */
export function onlyHere(link: string): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(new URL(link).hostname);
}

interface LinksProps {
  title: string;
  links: Links;
  onClose: () => void;
  /** Makes the old link worthless and a new one in its place. */
  replace?: (role: keyof Links, name: string) => void;
}

export function LinksDialog({ title, links, onClose, replace }: LinksProps) {
  return (
    <Dialog title={`Links to ${title}`} width="wide" onClose={onClose}>
      <p class="muted caption">
        Whoever has a link can join with it, so send each to the person it is meant for. Each opens the room
        in any current browser; no account is needed.
      </p>
      {onlyHere(links.candidate) && (
        <p class="links-here caption">
          These links work on this computer only. To let others in, start Fourhands with{" "}
          <code>FOURHANDS_BASE_URL</code> set to the address that they reach it by.
        </p>
      )}
      <ul class="links">
        {WHO.map(({ role, name, may }) => (
          <li class="link-card" key={role}>
            <div class="link-words">
              <h3>{name}</h3>
              <p class="caption muted">{may}</p>
              <input
                class="field mono link-field"
                readOnly
                aria-label={`${name} link`}
                value={links[role]}
                onFocus={(event) => event.currentTarget.select()}
              />
              <div class="link-actions">
                <CopyButton
                  text={links[role]}
                  label="Copy link"
                  kind={role === "observer" ? "plain" : "primary"}
                />
                {replace && (
                  <button
                    type="button"
                    class="button quiet"
                    onClick={() => replace(role, name.toLowerCase())}
                  >
                    Replace
                  </button>
                )}
                {role === "interviewer" && !replace && (
                  <a class="button quiet" href={links[role]} target="_blank" rel="noreferrer">
                    Open it here
                  </a>
                )}
              </div>
            </div>
            {role !== "observer" && (
              <div class="link-qr">
                <QrCode text={links[role]} label={`QR code of the ${role} link`} />
              </div>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
