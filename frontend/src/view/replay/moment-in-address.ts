/** The address follows the moment (`?t=83.5`, seconds), so that a link leads to it; never while it plays. */
import { effect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ReplayModel } from "./model";

/** ms of rest before the address is written: browsers refuse a page that writes it at each frame of a drag. */
const REST = 400;

export function momentInAddress(): number | null {
  const seconds = Number(new URLSearchParams(location.search).get("t") ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds : null;
}

export function useMomentInAddress(model: ReplayModel): void {
  useEffect(() => {
    let timer = 0;
    const stop = effect(() => {
      const at = model.map.value.session(model.played.value) - model.recording.start;
      clearTimeout(timer);
      if (model.playing.value) return;
      timer = window.setTimeout(() => write(at / 1e6), REST);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [model]);
}

function write(seconds: number): void {
  const address = new URL(location.href);
  if (seconds > 0) address.searchParams.set("t", seconds.toFixed(1));
  else address.searchParams.delete("t");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}
