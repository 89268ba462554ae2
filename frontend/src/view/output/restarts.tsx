/** Between two runs: from here on the variables were gone. */
import type { Person, PlainEvent } from "../../room/state";

interface RestartsProps {
  events: readonly PlainEvent[];
  people: ReadonlyMap<string, Person>;
  /** µs: after this and until then. */
  from: number;
  to: number;
}

export function Restarts({ events, people, from, to }: RestartsProps) {
  const last = events.findLast(({ kind, at }) => kind === "kernel.restarted" && at > from && at <= to);
  if (last === undefined) return null;
  const who = people.get(last.actor)?.name;
  return (
    <p class="restarted caption">
      {who === undefined ? "The kernel was restarted" : `${who} restarted the kernel`}; variables are gone
    </p>
  );
}
