/** How the room is laid out: which panels stand, how wide they are, and which of three shapes the window allows. */
import { signal } from "@preact/signals";
import type { Size } from "../parts/splitter";
import { recall, remember } from "../store";

export type Shape = "wide" | "medium" | "narrow";
export type Side = "questions" | "chat" | "people";
export type Tab = "code" | "output" | Side;

const WIDE = matchMedia("(min-width: 1100px)");
const NARROW = matchMedia("(max-width: 639px)");

function shapeNow(): Shape {
  if (NARROW.matches) return "narrow";
  return WIDE.matches ? "wide" : "medium";
}

export const shape = signal<Shape>(shapeNow());
for (const query of [WIDE, NARROW]) {
  query.addEventListener("change", () => {
    shape.value = shapeNow();
  });
}

function size(key: string, initial: number, min: number, max: number): Size {
  const kept = Number(recall(key) ?? Number.NaN);
  const start = Number.isFinite(kept) && kept >= min && kept <= max ? kept : initial;
  return { key, value: signal(start), min, max, initial };
}

export const FILES_WIDTH = size("files-width", 208, 160, 400);
export const OUTPUT_WIDTH = size("output-width", 480, 280, 960);
export const OUTPUT_HEIGHT = size("output-height", 280, 120, 640);

/** Files beside the editor (wide), or as a drawer over it (else). */
export const filesOpen = signal(recall("files-open") !== "no");
export const filesDrawer = signal(false);
/** Questions, chat or people beside or over the rest; null when closed. */
export const side = signal<Side | null>(null);
/** The one panel that a phone shows. */
export const tab = signal<Tab>("code");

export function toggleFiles(): void {
  if (shape.value !== "wide") {
    filesDrawer.value = !filesDrawer.value;
    return;
  }
  filesOpen.value = !filesOpen.value;
  remember("files-open", filesOpen.value ? "yes" : "no");
}

/** Shows questions, chat or people, whatever the shape; asked for again, puts it away. */
export function toggleSide(which: Side): void {
  if (shape.value === "narrow") {
    tab.value = tab.value === which ? "code" : which;
    return;
  }
  side.value = side.value === which ? null : which;
}

let focusDue = false;

/** By key: the focus goes along. */
export function toggleSideByKey(which: Side): void {
  focusDue = !sideShown(which);
  toggleSide(which);
}

/** True once, for the panel that was opened by key. */
export function takeFocus(): boolean {
  const due = focusDue;
  focusDue = false;
  return due;
}

export function sideShown(which: Side): boolean {
  return shape.value === "narrow" ? tab.value === which : side.value === which;
}
