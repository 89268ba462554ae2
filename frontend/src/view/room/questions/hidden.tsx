/** What only interviewers may see of a question, marked as such: the texts of its tests, its service, its data. */
import { useSignal } from "@preact/signals";
import { type Cbor, type CborMap, isMap } from "../../../../../protocol/ts/cbor";
import { TextBlock } from "../../output/text-block";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";

interface HiddenText {
  name: string;
  text: string;
}

export function Hidden({ whole, of }: { whole: CborMap; of: string }) {
  const seen = useSignal<HiddenText | null>(null);
  const texts = textsOf(whole);
  if (texts.length === 0) return null;
  return (
    <section class="hidden-part" aria-label={`Only interviewers see this: ${of}`}>
      <p class="hidden-mark caption">
        <Icon name="lock" size={12} />
        Only interviewers see this
      </p>
      <ul>
        {texts.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              class="file-open"
              onClick={() => {
                seen.value = one;
              }}
            >
              <Icon name="file-code-2" />
              <span class="cut" title={one.name}>
                {one.name}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {limits(whole) !== null && <p class="caption faint">{limits(whole)}</p>}
      {seen.value !== null && (
        <Dialog
          title={seen.value.name}
          width="wide"
          onClose={() => {
            seen.value = null;
          }}
        >
          <section class="viewer scroll" aria-label={`Content of ${seen.value.name}`}>
            <TextBlock text={seen.value.text} />
          </section>
        </Dialog>
      )}
    </section>
  );
}

function textsOf(whole: CborMap): HiddenText[] {
  const { service, sqlite, tests } = whole;
  const found = [...filesOf(isMap(tests) ? tests.files : undefined)];
  if (isMap(service) && typeof service.source === "string")
    found.push({ name: "The service's code", text: service.source });
  else if (isMap(service)) found.push({ name: "The service's answers", text: written(service) });
  for (const { name, text } of filesOf(sqlite)) found.push({ name: `${name}, as SQL`, text });
  return found;
}

function written(declared: CborMap): string {
  return JSON.stringify(declared, (_, value) => (typeof value === "bigint" ? String(value) : value), 2);
}

function filesOf(table: Cbor | undefined): HiddenText[] {
  if (!isMap(table)) return [];
  return Object.entries(table).flatMap(([name, text]) => (typeof text === "string" ? [{ name, text }] : []));
}

function limits({ tests }: CborMap): string | null {
  if (!isMap(tests)) return null;
  return `A call may take ${tests.per_call_s} s, all tests ${tests.total_s} s.`;
}
