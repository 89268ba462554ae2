/** The line where a program waits for `input()`: whoever may run may answer, once. */
import { useSignal } from "@preact/signals";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

const HIDDEN = { type: "password" } as const;
const SHOWN = { type: "text" } as const;

/** The run that this page answered last: its next question finds the hands where they are. */
let answered = "";

interface PromptProps {
  run: string;
  ask: { prompt: string; password: boolean };
  /** Answers why the text was not taken, or null. */
  answer: ((text: string) => Promise<string | null>) | undefined;
}

export function Prompt({ run, ask, answer }: PromptProps) {
  const text = useSignal("");
  const sent = useSignal(false);
  const error = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const id = useId();
  useLayoutEffect(() => {
    if (run === answered && document.activeElement === document.body) field.current?.focus();
  }, []);
  if (answer === undefined) {
    return (
      <p class="out-note">{ask.prompt} The program waits for an answer from somebody who may run code.</p>
    );
  }
  const submit = async (event: Event) => {
    event.preventDefault();
    sent.value = true;
    answered = run;
    error.value = (await answer(text.value)) ?? "";
    if (error.value !== "") sent.value = false;
  };
  return (
    <form class="prompt" onSubmit={submit}>
      <div class="prompt-line">
        <label class="mono" for={id}>
          {ask.prompt || (ask.password ? "password:" : "input:")}
        </label>
        <input
          ref={field}
          id={id}
          class="field mono"
          {...(ask.password ? HIDDEN : SHOWN)}
          autocomplete="off"
          spellcheck={false}
          disabled={sent.value}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
        />
        <button type="submit" class="button primary" disabled={sent.value}>
          Send
        </button>
      </div>
      <p class="field-note">
        {ask.password
          ? "The answer is not recorded."
          : "The program waits for this line. Everyone sees the answer."}
      </p>
      {error.value !== "" && (
        <p class="field-error" role="alert">
          {error.value}
        </p>
      )}
    </form>
  );
}
