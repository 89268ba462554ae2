// What each close code means: try again, rebuild, or stop, and the words for the user.

export type CloseAction = "retry" | "resync" | "renew" | "rebuild" | "stop";

interface Close {
  action: CloseAction;
  reason: string;
}

export const DRAINING = 1001;
export const NOT_RECORDED = 4302;
export const BAD_TOKEN = 4401;
export const ENDED = 4410;

const CLOSES: Record<number, Close> = {
  [DRAINING]: { action: "retry", reason: "The server is restarting." },
  4300: { action: "resync", reason: "The room and this page drifted apart; reading the room anew." },
  4301: { action: "retry", reason: "This connection was too slow to keep up." },
  [NOT_RECORDED]: {
    action: "retry",
    reason: "The room could not record the last changes. They are kept here.",
  },
  4303: { action: "stop", reason: "This page is connected a second time." },
  4304: { action: "retry", reason: "The server heard nothing from this page for a while." },
  4400: { action: "stop", reason: "The server did not understand this page. Reload it." },
  [BAD_TOKEN]: { action: "renew", reason: "Your access has expired. Open your invite link again." },
  4403: { action: "stop", reason: "Your role does not allow that here." },
  4404: { action: "stop", reason: "There is no such room." },
  4409: { action: "stop", reason: "The room's documents were made anew. Reload the page." },
  [ENDED]: { action: "stop", reason: "The session has ended." },
  4413: { action: "rebuild", reason: "A change was too large to be sent." },
  4422: { action: "rebuild", reason: "A change could not be accepted." },
  4423: { action: "rebuild", reason: "A change could not be accepted." },
  4429: {
    action: "stop",
    reason:
      "This page was opened too many times by the same person. Open the invite link in a private window to join again.",
  },
};

/** Codes that we do not know follow the rule of the wire: below 4400 try again, else stop. */
export function meaningOf(code: number): Close {
  const known = CLOSES[code];
  if (known !== undefined) return known;
  if (code >= 4400) return { action: "stop", reason: `The server closed the connection (${code}).` };
  return { action: "retry", reason: "The link dropped." };
}
