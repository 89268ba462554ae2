/** Asks for the admin key, tries it on the server, and keeps it in this page's memory alone. */
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Api, ApiError } from "../../room/api";
import { adminKey } from "../session";

export function KeyForm() {
  const key = useSignal("");
  const error = useSignal("");
  const busy = useSignal(false);
  const id = useId();
  const submit = async (event: Event) => {
    event.preventDefault();
    busy.value = true;
    error.value = await refusal(key.value.trim());
    busy.value = false;
    if (error.value === "") adminKey.value = key.value.trim();
  };
  return (
    <section class="welcome">
      <h1>Two people, one editor, one kernel.</h1>
      <p class="muted welcome-text">
        Make a room, send two links, and write Python together. Everything that happens is kept in one log and
        can be replayed.
      </p>
      <form class="card key-form" onSubmit={submit}>
        <label class="label" for={id}>
          Admin key
        </label>
        <div class="key-row">
          <input
            id={id}
            class="field mono"
            type="password"
            autocomplete="off"
            autofocus
            spellcheck={false}
            required
            value={key.value}
            aria-invalid={error.value !== ""}
            aria-describedby={`${id}-note`}
            onInput={(event) => {
              key.value = event.currentTarget.value;
              error.value = "";
            }}
          />
          <button type="submit" class="button primary" disabled={busy.value || key.value.trim() === ""}>
            {busy.value ? "Checking…" : "Continue"}
          </button>
        </div>
        {error.value !== "" && (
          <p class="field-error" role="alert">
            {error.value}
          </p>
        )}
        <p class="field-note" id={`${id}-note`}>
          The server shows the key once, at its first start, and keeps it in the file <code>admin-key</code>{" "}
          in its data folder. It stays in this page's memory and is gone when you close it.
        </p>
      </form>
      <p class="caption faint">Invited to a room? Open the link you were sent; no key is needed.</p>
    </section>
  );
}

/** Why the key cannot be used, in plain words; empty when it can. */
async function refusal(key: string): Promise<string> {
  try {
    await new Api({ token: () => key }).rooms();
    return "";
  } catch (problem) {
    if (!(problem instanceof ApiError)) throw problem;
    if (problem.status === 401 || problem.status === 403) return "This is not the key of this server.";
    return problem.detail || problem.title;
  }
}
