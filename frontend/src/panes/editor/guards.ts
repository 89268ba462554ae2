/** What may enter the shared text: whole characters, one kind of line ending, and no more at once than the room takes. */
import { EditorState, type Extension, type Text, type Transaction } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { ySyncAnnotation } from "y-codemirror.next";

interface Piece {
  from: number;
  to: number;
  insert: string;
}

/** `refused` hears the size of an insertion that is larger than `limit` UTF-8 bytes; the text stays as it was. */
export function guards(limit: number, refused: (bytes: number) => void): Extension {
  return [
    EditorView.clipboardInputFilter.of((text) => text.replace(/\r\n?/g, "\n")),
    EditorState.transactionFilter.of((transaction) => {
      if (!isOwnEdit(transaction)) return transaction;
      const size = insertedBytes(transaction, limit);
      if (size <= limit) return transaction;
      queueMicrotask(() => refused(size));
      return [];
    }),
    EditorState.transactionFilter.of((transaction) =>
      isOwnEdit(transaction) ? wholeCharacters(transaction) : transaction,
    ),
  ];
}

/** What came from the room was admitted there already, and must be shown as it is. */
function isOwnEdit(transaction: Transaction): boolean {
  return transaction.docChanged && transaction.annotation(ySyncAnnotation) === undefined;
}

/** UTF-8 bytes; a UTF-16 unit is at most three of them, so only texts near the limit are encoded to be sure. */
function insertedBytes(transaction: Transaction, limit: number): number {
  let units = 0;
  for (const piece of pieces(transaction)) units += piece.insert.length;
  if (units * 3 <= limit) return units;
  let bytes = 0;
  for (const piece of pieces(transaction)) bytes += new TextEncoder().encode(piece.insert).length;
  return bytes;
}

/**
 * Emoji are two units each. Input methods replace by comparing units and may cut one in half, which the shared
 * document cannot hold: such a change is widened to whole characters.
 */
function wholeCharacters(transaction: Transaction) {
  const doc = transaction.startState.doc;
  const before = pieces(transaction);
  const after = before.map((piece) => widened(piece, doc));
  if (after.every((piece, at) => piece === before[at])) return transaction;
  return [{ changes: after, scrollIntoView: transaction.scrollIntoView, userEvent: "input" }];
}

function widened(piece: Piece, doc: Text): Piece {
  let { from, to, insert } = piece;
  if (splits(doc, from)) {
    from -= 1;
    insert = doc.sliceString(from, from + 1) + insert;
  }
  if (splits(doc, to)) {
    insert += doc.sliceString(to, to + 1);
    to += 1;
  }
  // What is left of a character that was half deleted goes with it.
  insert = insert.replace(/\p{Surrogate}/gu, piece.insert === "" ? "" : "\uFFFD");
  return from === piece.from && to === piece.to && insert === piece.insert ? piece : { from, to, insert };
}

/** Does this position lie between the two halves of one character? */
function splits(doc: Text, at: number): boolean {
  return (
    at > 0 && at < doc.length && /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(doc.sliceString(at - 1, at + 1))
  );
}

function pieces(transaction: Transaction): Piece[] {
  const found: Piece[] = [];
  transaction.changes.iterChanges((from, to, _fromB, _toB, insert) => {
    found.push({ from, to, insert: insert.toString() });
  });
  return found;
}
