/** Three kinds of address; moving between them keeps the page, so that a key held in memory survives. */
import { signal } from "@preact/signals";

export type Route =
  | { page: "home" }
  | { page: "room"; room: string }
  | { page: "replay"; room: string }
  | { page: "nowhere" };

function read(path: string): Route {
  if (path === "/" || path === "") return { page: "home" };
  const match = /^\/(r|replay)\/([^/]+)\/?$/.exec(path);
  if (match?.[1] === undefined || match[2] === undefined) return { page: "nowhere" };
  try {
    return { page: match[1] === "r" ? "room" : "replay", room: decodeURIComponent(match[2]) };
  } catch {
    return { page: "nowhere" };
  }
}

export const route = signal<Route>(read(location.pathname));
/** The invite, which stays in the address so that a reload still works; it never reaches a server log. */
export const fragment = signal(location.hash.slice(1));

function reread(): void {
  route.value = read(location.pathname);
  fragment.value = location.hash.slice(1);
}

export function navigate(address: string): void {
  history.pushState(null, "", address);
  reread();
  window.scrollTo(0, 0);
}

addEventListener("popstate", reread);
addEventListener("hashchange", reread);

/** For links inside the app: plain clicks stay in the page, all others do what the browser does. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget;
  if (!(link instanceof HTMLAnchorElement) || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  navigate(link.href);
}
