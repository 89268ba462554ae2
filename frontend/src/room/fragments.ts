// The text that updates put in, read from the updates alone: for work whose document is gone.

import * as Y from "yjs";

interface Letter {
  key: string;
  text: string;
}

/** Pieces in the order in which they were begun, each as it would stand after all of these updates; empty ones are left out. */
export function fragmentsOf(updates: readonly Uint8Array[]): string[] {
  const pieces: Letter[][] = [];
  const home = new Map<string, Letter[]>();
  const deleted = new Set<string>();
  for (const update of updates) {
    const { structs, ds } = Y.decodeUpdate(update);
    for (const struct of structs) if (struct instanceof Y.Item) put(struct, pieces, home);
    for (const [client, ranges] of ds.clients) {
      for (const { clock, len } of ranges) {
        // A range may be as long as the room's whole text; what was typed here is looked up, not counted through.
        for (let at = clock; at < clock + Math.min(len, MOST); at += 1) deleted.add(key(client, at));
      }
    }
  }
  const standing = (piece: Letter[]) =>
    piece.map((letter) => (deleted.has(letter.key) ? "" : letter.text)).join("");
  return pieces.map(standing).filter((text) => text !== "");
}

/** Deletions longer than this are of what others see anyway. */
const MOST = 1_000_000;

function put(item: Y.Item, pieces: Letter[][], home: Map<string, Letter[]>): void {
  if (!(item.content instanceof Y.ContentString)) return;
  const { client, clock } = item.id;
  const letters = [...Array(item.content.str.length).keys()].map((at) => ({
    key: key(client, clock + at),
    text: item.content.getContent()[at] as string,
  }));
  const left = item.origin === null ? null : key(item.origin.client, item.origin.clock);
  const known = left === null ? undefined : home.get(left);
  const piece = known ?? [];
  if (known === undefined) pieces.push(piece);
  const at = piece.findIndex((letter) => letter.key === left) + 1;
  piece.splice(at, 0, ...letters);
  for (const letter of letters) home.set(letter.key, piece);
}

function key(client: number, clock: number): string {
  return `${client} ${clock}`;
}
