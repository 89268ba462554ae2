/** JSON as a tree that opens level by level; only what is open is on the page. */
import { useSignal } from "@preact/signals";
import type { Cbor } from "../../../../protocol/ts/cbor";
import { plural } from "../clock";
import { Icon } from "../parts/icon";

/** Members shown at a time. */
const PAGE = 100;
/** A member with as few values as this is open from the start. */
const SMALL = 12;
/** Characters of a text before it is cut. */
const TEXT = 200;

type Container = readonly Cbor[] | { readonly [key: string]: Cbor };

function isContainer(value: Cbor): value is Container & Cbor {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array);
}

function membersOf(value: Container): [string, Cbor][] {
  return Array.isArray(value) ? value.map((item, at) => [String(at), item]) : Object.entries(value);
}

export function JsonTree({ value }: { value: Cbor }) {
  return (
    <div class="json mono">{isContainer(value) ? <Branch value={value} open /> : <Leaf value={value} />}</div>
  );
}

function Branch({ name, value, open: begins }: { name?: string; value: Container; open: boolean }) {
  const members = membersOf(value);
  const open = useSignal(begins);
  const shown = useSignal(PAGE);
  const words = Array.isArray(value) ? plural(members.length, "item") : plural(members.length, "key");
  return (
    <div>
      <button
        type="button"
        class="json-head"
        aria-expanded={open.value}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <Icon name={open.value ? "chevron-down" : "chevron-right"} size={14} />
        {name !== undefined && <span class="json-key">{name}</span>}
        <span class="faint">
          {Array.isArray(value) ? "[" : "{"} {words} {Array.isArray(value) ? "]" : "}"}
        </span>
      </button>
      {open.value && (
        <ul class="json-list">
          {members.slice(0, shown.value).map(([key, member]) => (
            <li key={key}>
              {isContainer(member) ? (
                <Branch name={key} value={member} open={isSmall(member)} />
              ) : (
                <Leaf name={key} value={member} />
              )}
            </li>
          ))}
          {members.length > shown.value && (
            <li>
              <button
                type="button"
                class="json-head"
                onClick={() => {
                  shown.value += PAGE;
                }}
              >
                {plural(members.length - shown.value, "more", "more")}
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

/** No nested ones, for these open each other. */
function isSmall(value: Container): boolean {
  const members = membersOf(value);
  return members.length <= SMALL && !members.some(([, member]) => isContainer(member));
}

function Leaf({ name, value }: { name?: string; value: Cbor }) {
  const whole = useSignal(false);
  const written = JSON.stringify(value) ?? String(value);
  const cut = written.length > TEXT && !whole.value;
  return (
    <div class="json-leaf">
      {name !== undefined && <span class="json-key">{name}</span>}
      <span data-type={typeof value}>{cut ? `${written.slice(0, TEXT)}…` : written}</span>
      {cut && (
        <button
          type="button"
          class="json-head"
          onClick={() => {
            whole.value = true;
          }}
        >
          all {plural(written.length, "character")}
        </button>
      )}
    </div>
  );
}
