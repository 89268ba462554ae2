/** What a file's name says about its language: Python is coloured and indented, anything else is plain text. */
import { python } from "@codemirror/lang-python";
import { indentUnit } from "@codemirror/language";
import { EditorState, type Extension } from "@codemirror/state";

export function languageOf(path: string): Extension {
  return /\.pyi?$/i.test(path) ? python() : [];
}

/**
 * One line ending. CodeMirror would otherwise read `\r\n` as one character where the shared text counts two,
 * and every position after it would be wrong; with this a stray `\r` is an ordinary, visible character.
 */
export const lines: Extension = [
  EditorState.lineSeparator.of("\n"),
  indentUnit.of("    "),
  EditorState.tabSize.of(4),
];
