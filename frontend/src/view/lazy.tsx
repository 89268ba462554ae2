/** A page that is fetched when it is first shown; while it comes, nothing flashes. */
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { DeadEnd } from "./parts/page";

type Loaded<P> = { page: ComponentType<P> } | { failed: true } | null;

/** A component that can be asked for before it is needed. */
export type Lazy<P> = ComponentType<P> & { preload: () => void };

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): Lazy<P> {
  const loaded = signal<Loaded<P>>(null);
  let asked = false;
  const preload = () => {
    if (asked) return;
    asked = true;
    load().then(
      (page) => {
        loaded.value = { page };
      },
      () => {
        loaded.value = { failed: true };
      },
    );
  };
  function Page(props: P) {
    preload();
    const now = loaded.value;
    if (now === null) return <div class="loading" aria-busy="true" />;
    if ("failed" in now) return <Unreachable />;
    const Loaded = now.page;
    return <Loaded {...props} />;
  }
  return Object.assign(Page, { preload });
}

function Unreachable() {
  return (
    <DeadEnd
      title="This page did not load"
      text="A part of it could not be fetched. Check your connection and try again."
    >
      <button type="button" class="button plain" onClick={() => location.reload()}>
        Try again
      </button>
    </DeadEnd>
  );
}
