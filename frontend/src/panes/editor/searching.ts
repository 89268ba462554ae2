/** Search and replace, and where else the selected words stand; fetched after the editor has come up. */
import { highlightSelectionMatches, openSearchPanel, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { keymap } from "@codemirror/view";

export { openSearchPanel };

/** The search panel in our words; they are short, for it must fit beside an output. */
const WORDS = {
  next: "Next",
  previous: "Previous",
  all: "All",
  "match case": "Case",
  regexp: "Regex",
  "by word": "Word",
  replace: "Replace",
  "replace all": "Replace all",
};

export const searching: Extension = [
  highlightSelectionMatches({ minSelectionLength: 2 }),
  search({ top: true }),
  keymap.of(searchKeymap),
  EditorState.phrases.of(WORDS),
];
