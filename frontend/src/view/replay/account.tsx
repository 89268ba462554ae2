/** Who did what, up to the moment shown: characters typed and deleted, runs, messages, time away. */
import { useComputed } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Step } from "../../replay/recording";
import type { Person } from "../../room/state";
import { plural } from "../clock";
import { Avatar } from "../parts/avatar";
import type { ReplayModel } from "./model";

interface Deeds {
  typed: number;
  deleted: number;
  runs: number;
  said: number;
}

const NONE: Deeds = { typed: 0, deleted: 0, runs: 0, said: 0 };

/** Sums after every so many steps, so that any moment is a short way from one of them. */
const STRIDE = 512;

export function Account({ model }: { model: ReplayModel }) {
  const sums = useMemo(() => new Sums(model.recording.steps), [model]);
  const count = useComputed(() => model.moment.value.count).value;
  const deeds = sums.at(count);
  const people = [...model.people.values()];
  return (
    <ul class="account scroll">
      {people.map((person) => (
        <Row
          key={person.id}
          person={person}
          now={model.present.value.get(person.id)}
          deeds={deeds.get(person.id) ?? NONE}
        />
      ))}
    </ul>
  );
}

function Row({ person, now, deeds }: { person: Person; now: Person | undefined; deeds: Deeds }) {
  const here = now === undefined ? "not here yet" : now.online ? "here" : "away";
  return (
    <li class="person-row account-row">
      <Avatar name={person.name} colour={person.colour} away={!now?.online} />
      <div class="grow">
        <div class="cut">
          {person.name}{" "}
          <span class="faint caption">
            {person.role} · {here}
          </span>
        </div>
        <div class="caption muted account-deeds">
          {words(deeds).map((word) => (
            <span key={word}>{word}</span>
          ))}
        </div>
      </div>
    </li>
  );
}

function words({ typed, deleted, runs, said }: Deeds): string[] {
  const found = [
    typed > 0 && `+${typed.toLocaleString("en")} typed`,
    deleted > 0 && `−${deleted.toLocaleString("en")} deleted`,
    runs > 0 && plural(runs, "run"),
    said > 0 && plural(said, "message"),
  ].filter((word) => word !== false);
  return found.length > 0 ? found : ["nothing yet"];
}

class Sums {
  readonly #steps: readonly Step[];
  readonly #marks: ReadonlyMap<string, Deeds>[] = [];

  constructor(steps: readonly Step[]) {
    this.#steps = steps;
    let sum: ReadonlyMap<string, Deeds> = new Map();
    for (let from = 0; from <= steps.length; from += STRIDE) {
      this.#marks.push(sum);
      sum = added(sum, steps.slice(from, from + STRIDE));
    }
  }

  at(count: number): ReadonlyMap<string, Deeds> {
    const mark = Math.min(this.#marks.length - 1, Math.floor(count / STRIDE));
    return added(this.#marks[mark] ?? new Map(), this.#steps.slice(mark * STRIDE, count));
  }
}

function added(before: ReadonlyMap<string, Deeds>, steps: readonly Step[]): ReadonlyMap<string, Deeds> {
  const sum = new Map([...before].map(([person, deeds]) => [person, { ...deeds }]));
  for (const { entry, splices, part } of steps) {
    const deeds = sum.get(entry.actor) ?? { ...NONE };
    for (const { insert, remove } of splices) {
      deeds.typed += insert.length;
      deeds.deleted += remove;
    }
    if (entry.kind === "run.queued" && part === "whole") deeds.runs += 1;
    if (entry.kind === "chat" && part === "whole") deeds.said += 1;
    sum.set(entry.actor, deeds);
  }
  return sum;
}
