/** What an invite leads to, before it is used: the room's title, the role it gives, and who is there. */

export function WhoIsThere(_: { room: string; invite: string }) {
  return null;
}
