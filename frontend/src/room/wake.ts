// What the browser notices about sleep and network, told to a client so that it probes or returns at once.

export type Wake = "visible" | "online" | "offline";

/** Listens until the answer is called. */
export function attachWake(client: { wake(event: Wake): void }): () => void {
  const listeners = new AbortController();
  const { signal } = listeners;
  const visible = () => {
    if (document.visibilityState === "visible") client.wake("visible");
  };
  window.addEventListener("online", () => client.wake("online"), { signal });
  window.addEventListener("offline", () => client.wake("offline"), { signal });
  window.addEventListener("pageshow", visible, { signal });
  document.addEventListener("visibilitychange", visible, { signal });
  return () => listeners.abort();
}
