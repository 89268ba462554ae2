/** Undo of one's own edits: it lives with the text, and no step puts back more at once than the room takes. */
import { type Extension, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import * as Y from "yjs";

export type Way = "undo" | "redo";

/** Stretches of clock numbers, by client. */
type Ranges = Y.UndoManager["undoStack"][number]["deletions"];

/** Kept by text and not by view: it survives a change of tabs. */
const undoOf = new WeakMap<Y.Text, Y.UndoManager>();

export function undoManager(text: Y.Text): Y.UndoManager {
  const kept = undoOf.get(text);
  if (kept) return kept;
  const made = new Y.UndoManager(text);
  undoOf.set(text, made);
  return made;
}

/** Takes undo and redo before the binding does; a step over `limit` UTF-8 bytes stays where it is, and `refused` hears its size. */
export function undoKeys(manager: Y.UndoManager, limit: number, refused: (bytes: number) => void): Extension {
  const go = (way: Way) => {
    const size = putsBack(manager, way);
    if (size > limit) refused(size);
    else manager[way]();
    return true;
  };
  const undo = { run: () => go("undo"), preventDefault: true };
  const redo = { run: () => go("redo"), preventDefault: true };
  return Prec.high([
    keymap.of([
      { key: "Mod-z", ...undo },
      { key: "Mod-y", mac: "Mod-Shift-z", ...redo },
      { key: "Mod-Shift-z", ...redo },
    ]),
    EditorView.domEventHandlers({
      beforeinput: ({ inputType }) => {
        if (inputType === "historyUndo") return go("undo");
        return inputType === "historyRedo" && go("redo");
      },
    }),
  ]);
}

/** UTF-8 bytes of text that the next step would insert again. */
export function putsBack(manager: Y.UndoManager, way: Way): number {
  const step = (way === "undo" ? manager.undoStack : manager.redoStack).at(-1);
  if (step === undefined) return 0;
  const encoder = new TextEncoder();
  let bytes = 0;
  for (const [client, ranges] of step.deletions.clients) {
    const structs = manager.doc.store.clients.get(client) ?? [];
    for (const { clock, len } of ranges) {
      for (const text of texts(structs, clock, clock + len, step.insertions))
        bytes += encoder.encode(text).length;
    }
  }
  return bytes;
}

/** The deleted stretches in a range of one client's clock, save those that came and went within this very step. */
function* texts(structs: (Y.Item | Y.GC)[], from: number, to: number, own: Ranges) {
  for (let at = Y.findIndexSS(structs, from); at < structs.length; at += 1) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= to) return;
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentString)) continue;
    const { client, clock } = struct.id;
    if (struct.redone !== null || Y.isDeleted(own, Y.createID(client, Math.max(from, clock)))) continue;
    yield struct.content.str.slice(Math.max(0, from - clock), to - clock);
  }
}
