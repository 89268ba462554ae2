// The clock of a client: what it reads and what it lets ring; tests turn one by hand.

export interface Clock {
  /** ms since 1970. */
  now(): number;
  /** Calls once when it is `at` or later; answers how to cancel it. */
  alarm(at: number, ring: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  alarm: (at, ring) => {
    const timer = setTimeout(ring, Math.max(0, at - Date.now()));
    return () => clearTimeout(timer);
  },
};
