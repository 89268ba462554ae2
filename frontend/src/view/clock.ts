/** Times in people's words, and one ticking second that every moving figure shares. */
import { signal } from "@preact/signals";

/** Wall clock in ms, moved once a second while the page is visible. */
export const tick = signal(Date.now());
setInterval(() => {
  if (!document.hidden) tick.value = Date.now();
}, 1000);
document.addEventListener("visibilitychange", () => {
  tick.value = Date.now();
});

/** `0:07`, `12:40`, `1:02:03` */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const h = Math.floor(seconds / 3600);
  const m = Math.floor((seconds % 3600) / 60);
  return h > 0 ? `${h}:${two(m)}:${two(seconds % 60)}` : `${m}:${two(seconds % 60)}`;
}

/** `42 ms`, `1.3 s`, `14 s`, `3 min`, `2 h` */
export function span(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`;
  return away(ms);
}

/** Whole units: `14 s`, `3 min`, `2 h`, `4 days` */
export function away(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86_400)} days`;
}

/** A session's length: `48 min`, `1 h 2 min` */
export function sessionLength(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  if (minutes < 1) return span(ms);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The time of day of an entry, µs. */
export function timeOfDay(at: number): string {
  return new Date(at / 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** The time of day to the second, of an entry, µs. */
export function wallClock(at: number): string {
  return new Date(at / 1000).toLocaleTimeString();
}

/** A day that a list can be read by: `today, 14:02`, `12 Mar, 14:02` */
export function day(at: number): string {
  const date = new Date(at / 1000);
  const today = new Date().toDateString() === date.toDateString();
  const name = today ? "today" : date.toLocaleDateString([], { day: "numeric", month: "short" });
  return `${name}, ${timeOfDay(at)}`;
}

/** `3.2 MB`, `14 KB`, `200 bytes`, `1 byte` */
export function bytes(count: number): string {
  if (count < 1000) return plural(count, "byte");
  if (count < 999_500) return `${Math.round(count / 1000)} KB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
