/** One question before something that cannot be undone; awaits the answer. */
import { signal } from "@preact/signals";
import { Dialog } from "./dialog";

interface Question {
  title: string;
  text: string;
  yes: string;
  answer: (yes: boolean) => void;
}

const question = signal<Question | null>(null);

export function confirm(title: string, text: string, yes: string): Promise<boolean> {
  question.value?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      title,
      text,
      yes,
      answer: (is) => {
        question.value = null;
        resolve(is);
      },
    };
  });
}

/** Stands once in each page. */
export function Confirm() {
  const asked = question.value;
  if (asked === null) return null;
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(false)}>
      <p class="muted">{asked.text}</p>
      <div class="dialog-foot">
        <button type="button" class="button plain" autofocus onClick={() => asked.answer(false)}>
          Cancel
        </button>
        <button type="button" class="button danger" onClick={() => asked.answer(true)}>
          {asked.yes}
        </button>
      </div>
    </Dialog>
  );
}
