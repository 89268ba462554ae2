// What the browser notices about sleep and network, told to a client so that it probes or returns at once.

export type Wake = "visible" | "hidden" | "leaving" | "online" | "offline";

/** Listens until the answer is called. */
export function attachWake(client: { wake(event: Wake): void }): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const visible = () => {
    client.wake(document.visibilityState === "visible" ? "visible" : "hidden");
  };
  window.addEventListener("online", () => client.wake("online"), { signal });
  window.addEventListener("offline", () => client.wake("offline"), { signal });
  window.addEventListener("pageshow", visible, { signal });
  window.addEventListener(
    "pagehide",
    // A page that may be shown again as it is has not left.
    ({ persisted }) => client.wake(persisted ? "hidden" : "leaving"),
    { signal },
  );
  document.addEventListener("visibilitychange", visible, { signal });
  return () => listeners.abort();
}
