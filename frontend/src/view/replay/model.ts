/** The player as signals: the moment shown, where the playing is, and everything that moves it. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { Fold, stepsUntil } from "../../replay/fold";
import { IdleMap } from "../../replay/idle";
import { marksOf, Player, type Speed } from "../../replay/player";
import type { Moment, Recording } from "../../replay/recording";
import type { Person, RoomState } from "../../room/state";

/** µs that the arrow keys and J and L move. */
export const NUDGE = 5_000_000;
export const LEAP = 10_000_000;

export class ReplayModel {
  readonly recording: Recording;
  /** Everybody who was ever there, as they were at the end. */
  readonly people: ReadonlyMap<string, Person>;
  /** The room as it is when all is over, or as far as the record goes. */
  readonly last: RoomState;
  readonly moment: ReadonlySignal<Moment>;
  /** µs of playing. */
  readonly played = signal(0);
  readonly playing = signal(false);
  readonly speed = signal<Speed>(1);
  readonly map: ReadonlySignal<IdleMap>;
  /** A file that the viewer chose; null follows the action. */
  readonly pinned = signal<string | null>(null);
  readonly #moment;
  readonly #map;
  readonly #times: readonly number[];
  readonly #fold: Fold;
  readonly #player: Player;
  #opened: ReadonlySet<number> = new Set();
  #frame = 0;

  constructor(recording: Recording) {
    this.recording = recording;
    this.#times = recording.steps.map(({ at }) => at);
    this.#fold = new Fold(recording);
    this.#map = signal(new IdleMap(this.#times));
    this.map = this.#map;
    this.#player = new Player(this.#map.value, marksOf(recording));
    this.last = this.#fold.momentAfter(recording.steps.length).state;
    this.people = this.last.people;
    this.#moment = signal(this.#fold.momentAt(recording.start));
    this.moment = this.#moment;
  }

  /** Parts of the state as signals of their own: a frame redraws only what it changed. */
  readonly runs = computed(() => this.#moment.value.state.runs);
  readonly judgements = computed(() => this.#moment.value.state.judgements);
  readonly events = computed(() => this.#moment.value.state.events);
  readonly chat = computed(() => this.#moment.value.state.chat);
  readonly files = computed(() => this.#moment.value.state.files);
  readonly present = computed(() => this.#moment.value.state.people);

  get state(): RoomState {
    return this.#moment.value.state;
  }

  /** The file where something happened last, unless the viewer chose another. */
  readonly file = computed(() => {
    const { state, cursors } = this.#moment.value;
    const living = state.files.filter((file) => !file.deleted);
    const pinned = living.find((file) => file.file === this.pinned.value);
    if (pinned !== undefined) return pinned;
    const last = [...cursors.values()].sort((a, b) => b.at - a.at);
    for (const cursor of last) {
      const found = living.find((file) => file.file === cursor.file);
      if (found !== undefined) return found;
    }
    return living[0];
  });

  toggle(): void {
    this.#act((player, now) => player.toggle(now));
  }

  setSpeed(speed: Speed): void {
    this.#act((player, now) => player.setSpeed(speed, now));
  }

  changeSpeed(by: 1 | -1): void {
    this.#act((player, now) => player.changeSpeed(by, now));
  }

  seekPlayed(played: number): void {
    this.#act((player, now) => player.seekPlayed(played, now));
  }

  /** µs of the log's clock. */
  seek(at: number): void {
    this.#act((player, now) => player.seek(at, now));
  }

  /** µs of playing. */
  move(by: number): void {
    this.#act((player, now) => player.seekPlayed(player.played(now) + by, now));
  }

  step(by: "edits" | "runs", direction: 1 | -1): void {
    this.#act((player, now) => player.step(by, direction, now));
  }

  /** Opens or folds one pause, by where it begins. */
  toggleGap(from: number): void {
    const opened = new Set(this.#opened);
    if (!opened.delete(from)) opened.add(from);
    this.#open(opened);
  }

  foldAll(fold: boolean): void {
    this.#open(new Set(fold ? [] : this.map.value.gaps.map((gap) => gap.from)));
  }

  stop(): void {
    cancelAnimationFrame(this.#frame);
  }

  #open(opened: ReadonlySet<number>): void {
    this.#opened = opened;
    this.#map.value = new IdleMap(this.#times, opened);
    this.#act((player, now) => player.setMap(this.#map.value, now));
  }

  #act(change: (player: Player, now: number) => void): void {
    change(this.#player, performance.now());
    this.#draw();
  }

  /** Brings the signals to now, and comes again with the next frame while it plays. */
  #draw(): void {
    cancelAnimationFrame(this.#frame);
    const now = performance.now();
    const player = this.#player;
    batch(() => {
      this.played.value = player.played(now);
      this.playing.value = player.playing(now);
      this.speed.value = player.speed;
      const count = stepsUntil(this.recording, player.at(now));
      if (count !== this.#moment.value.count) this.#moment.value = this.#fold.momentAfter(count);
    });
    if (this.playing.value) this.#frame = requestAnimationFrame(() => this.#draw());
  }
}
