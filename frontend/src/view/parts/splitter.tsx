/** The line between two panels: drag it, or focus it and use the arrow keys; a double click resets it. */
import type { Signal } from "@preact/signals";
import { remember } from "../store";

export interface Size {
  key: string;
  /** px */
  value: Signal<number>;
  min: number;
  max: number;
  initial: number;
}

interface SplitterProps {
  size: Size;
  label: string;
  axis: "x" | "y";
  /** Which side of the line the sized panel is on. */
  panel: "before" | "after";
}

const KEY_STEP = 16;

export function Splitter({ size, label, axis, panel }: SplitterProps) {
  const sign = panel === "before" ? 1 : -1;
  const set = (px: number) => {
    size.value.value = Math.round(Math.min(size.max, Math.max(size.min, px)));
    remember(size.key, String(size.value.value));
  };
  const onPointerDown = (event: PointerEvent) => {
    const line = event.currentTarget as HTMLElement;
    const start = axis === "x" ? event.clientX : event.clientY;
    const before = size.value.value;
    line.setPointerCapture(event.pointerId);
    line.onpointermove = (move) =>
      set(before + sign * ((axis === "x" ? move.clientX : move.clientY) - start));
    line.onlostpointercapture = () => {
      line.onpointermove = null;
    };
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const back = axis === "x" ? "ArrowLeft" : "ArrowUp";
    const forth = axis === "x" ? "ArrowRight" : "ArrowDown";
    if (event.key !== back && event.key !== forth) return;
    set(size.value.value + sign * (event.key === forth ? KEY_STEP : -KEY_STEP));
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a movable separator is an ARIA widget that no element offers
    <div
      class={`splitter splitter-${axis}`}
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={axis === "x" ? "vertical" : "horizontal"}
      aria-valuenow={size.value.value}
      aria-valuemin={size.min}
      aria-valuemax={size.max}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      onDblClick={() => set(size.initial)}
    />
  );
}
