/** The frame of the plain pages (home, join, errors): the mark, one column, the theme button. */
import type { ComponentChildren } from "preact";
import { follow } from "../router";
import { ThemeButton } from "./theme-button";

export function Page({ children, narrow = false }: { children: ComponentChildren; narrow?: boolean }) {
  return (
    <div class="page">
      <header class="page-head">
        <a class="brand" href="/" onClick={follow}>
          <Mark />
          <span>Fourhands</span>
        </a>
        <ThemeButton />
      </header>
      <main class={narrow ? "page-main page-narrow" : "page-main"}>{children}</main>
    </div>
  );
}

/** Four keys, two hands. */
export function Mark({ size = 24 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect class="mark-a" x="2" y="5" width="4" height="14" rx="2" />
      <rect class="mark-b" x="7.33" y="2" width="4" height="14" rx="2" />
      <rect class="mark-a" x="12.67" y="8" width="4" height="14" rx="2" />
      <rect class="mark-b" x="18" y="5" width="4" height="14" rx="2" />
    </svg>
  );
}

/** For what is not there: what happened, what it means, what to do. */
export function DeadEnd({
  title,
  text,
  children,
}: {
  title: string;
  text: string;
  children?: ComponentChildren;
}) {
  return (
    <Page narrow>
      <section class="dead-end">
        <h1>{title}</h1>
        <p class="muted">{text}</p>
        {children && <div class="dead-end-foot">{children}</div>}
      </section>
    </Page>
  );
}
