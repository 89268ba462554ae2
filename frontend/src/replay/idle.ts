// Long pauses are folded: a map between the session's time and the time it takes to play it.

/** µs without anything from which a pause is folded. */
const FOLD_FROM = 5_000_000;
/** µs that a folded pause takes to play. */
const FOLDED = 1_000_000;

/** A pause of the session. */
export interface Gap {
  /** µs of the log's clock. */
  from: number;
  to: number;
  folded: boolean;
}

interface Span {
  from: number;
  to: number;
  playedFrom: number;
  playedTo: number;
}

/** Times in µs: of the log's clock on the one side, from 0 on the other. */
export class IdleMap {
  readonly start: number;
  readonly end: number;
  readonly gaps: readonly Gap[];
  /** How long it takes to play all of it at normal speed. */
  readonly length: number;
  readonly #spans: Span[];

  /** `times`: when something happened, rising. `opened`: gaps, by `from`, that are played as long as they were. */
  constructor(times: readonly number[], opened: ReadonlySet<number> = new Set()) {
    this.start = times[0] ?? 0;
    this.end = times.at(-1) ?? 0;
    this.gaps = gapsOf(times).map((gap) => ({ ...gap, folded: !opened.has(gap.from) }));
    this.#spans = spansOf(this.start, this.end, this.gaps);
    this.length = this.#spans.at(-1)?.playedTo ?? 0;
  }

  /** When in the playing a moment of the session is. */
  played(at: number): number {
    const span = this.#spans.find(({ to }) => at <= to) ?? this.#spans.at(-1);
    if (span === undefined) return 0;
    return scaled(at, [span.from, span.to], [span.playedFrom, span.playedTo]);
  }

  /** Which moment of the session is played then. */
  session(played: number): number {
    const span = this.#spans.find(({ playedTo }) => played <= playedTo) ?? this.#spans.at(-1);
    if (span === undefined) return this.start;
    return scaled(played, [span.playedFrom, span.playedTo], [span.from, span.to]);
  }
}

function gapsOf(times: readonly number[]): { from: number; to: number }[] {
  const gaps: { from: number; to: number }[] = [];
  let from = times[0] ?? 0;
  for (const to of times) {
    if (to - from >= FOLD_FROM) gaps.push({ from, to });
    from = to;
  }
  return gaps;
}

function spansOf(start: number, end: number, gaps: readonly Gap[]): Span[] {
  const spans: Span[] = [];
  let [at, played] = [start, 0];
  const add = (to: number, takes: number) => {
    spans.push({ from: at, to, playedFrom: played, playedTo: played + takes });
    at = to;
    played += takes;
  };
  for (const { from, to, folded } of gaps) {
    if (from > at) add(from, from - at);
    add(to, folded ? FOLDED : to - from);
  }
  if (end > at || spans.length === 0) add(end, end - at);
  return spans;
}

function scaled(value: number, from: [number, number], to: [number, number]): number {
  if (from[1] === from[0]) return to[0];
  const share = Math.min(1, Math.max(0, (value - from[0]) / (from[1] - from[0])));
  return to[0] + share * (to[1] - to[0]);
}
