/** Adding a question: a JSON file, chosen or dropped; what is wrong with it is said here. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { confirm } from "../../parts/confirm";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";
import { notify } from "../../parts/notices";
import { save } from "../../parts/save";
import { useDesk } from "../desk";
import { addQuestion, readDrafts } from "./deeds";
import { EXAMPLE } from "./example";

/** Bytes of a file that is read at all; a question has far less. */
const LARGEST = 8_000_000;

export function AddQuestion({ onClose }: { onClose: () => void }) {
  const desk = useDesk();
  const field = useRef<HTMLInputElement>(null);
  const state = useSignal<{ refused: string } | "ready" | "adding">("ready");
  const over = useSignal(false);
  useEffect(() => {
    // A file that misses its place must not take the page away.
    const stay = (event: DragEvent) => event.preventDefault();
    addEventListener("dragover", stay);
    addEventListener("drop", stay);
    return () => {
      removeEventListener("dragover", stay);
      removeEventListener("drop", stay);
    };
  }, []);
  const take = async (file: File | undefined) => {
    if (file === undefined || state.value === "adding") return;
    state.value = "adding";
    const added: string[] = [];
    let current = file.name;
    try {
      if (file.size > LARGEST) throw new Error("It is far too large for a question.");
      const drafts = readDrafts(await file.text());
      for (const draft of drafts) {
        if (drafts.length > 1) current = `“${draft.title}”`;
        const known = desk.model.questions.get(draft.id);
        const text = "Its tests are replaced as well. What came of earlier runs stays on the record.";
        if (known !== undefined && !(await confirm(`Replace “${known.title}”?`, text, "Replace"))) continue;
        await addQuestion(desk, draft);
        added.push(draft.title);
      }
      onClose();
    } catch (problem) {
      const why = problem instanceof Error ? problem.message : String(problem);
      state.value = { refused: `${current} was not added. ${why}` };
    }
    if (added.length === 1) notify(`“${added[0]}” is in the room.`, "good");
    else if (added.length > 1) notify(`${added.length} questions are in the room.`, "good");
    if (state.value === "adding") state.value = "ready";
  };
  const refused = typeof state.value === "object" ? state.value : null;
  return (
    <Dialog title="Add a question" onClose={onClose}>
      <p class="muted">
        A question is a JSON file: an id and a title, and if you like hidden tests, examples, data and a
        service. The candidate sees its title and examples at once, and never what is hidden.
      </p>
      <button
        type="button"
        class="question-drop"
        data-over={over.value}
        autofocus
        aria-disabled={state.value === "adding"}
        onClick={() => state.value !== "adding" && field.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          over.value = true;
        }}
        onDragLeave={() => {
          over.value = false;
        }}
        onDrop={(event) => {
          event.preventDefault();
          over.value = false;
          void take(event.dataTransfer?.files[0]);
        }}
      >
        <Icon name="upload" size={20} />
        {state.value === "adding" ? "Adding…" : "Choose a file, or drop it here"}
      </button>
      <input
        ref={field}
        type="file"
        accept=".json,application/json"
        hidden
        aria-label="A question as a JSON file"
        onChange={({ currentTarget }) => {
          void take(currentTarget.files?.[0]);
          currentTarget.value = "";
        }}
      />
      {refused !== null && (
        <p class="question-refused" role="alert">
          {refused.refused}
        </p>
      )}
      <button
        type="button"
        class="button quiet small question-example"
        onClick={() => save(new Blob([EXAMPLE], { type: "application/json" }), "two-sum.json")}
      >
        <Icon name="arrow-down" size={14} />
        Save an example to start from
      </button>
    </Dialog>
  );
}
