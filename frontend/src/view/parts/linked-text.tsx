/** Text as it was written, with its web addresses as links that open elsewhere and tell nothing of this page. */

export type Piece = { text: string } | { link: string };

const ADDRESS = /https?:\/\/[^\s<>"“”]+/g;
/** What ends a sentence ends no address; a closing bracket belongs to it only if one was opened in it. */
const TAIL = /[.,;:!?'’…]+$/;

export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const link = trimmed(match[0]);
    if (!URL.canParse(link)) continue;
    if (match.index > done) pieces.push({ text: text.slice(done, match.index) });
    pieces.push({ link });
    done = match.index + link.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done) });
  return pieces;
}

function trimmed(address: string): string {
  let link = address.replace(TAIL, "");
  while (/[)\]]$/.test(link) && !opens(link)) link = link.slice(0, -1).replace(TAIL, "");
  return link;
}

function opens(link: string): boolean {
  const [open, close] = link.endsWith(")") ? ["(", ")"] : ["[", "]"];
  return link.split(open).length >= link.split(close).length;
}

export function LinkedText({ text }: { text: string }) {
  return (
    <>
      {piecesOf(text).map((piece, at) =>
        "link" in piece ? (
          <a key={at} href={piece.link} target="_blank" rel="noreferrer noopener">
            {piece.link}
          </a>
        ) : (
          piece.text
        ),
      )}
    </>
  );
}
