// The room's clock as this client knows it: the server's time, by the round trip that told it best.

export class RoomClock {
  /** ms to add to the client's clock for the room's. */
  offset = 0;
  #best = Number.POSITIVE_INFINITY;

  /** A new link: its first word, which took some unknown time (`time` in µs). */
  begin(time: number, now: number): void {
    this.offset = time / 1000 - now;
    this.#best = Number.POSITIVE_INFINITY;
  }

  /** The least round trip gives the best view of the server's clock. */
  measure(sentAt: number, now: number, time: number): void {
    const roundTrip = now - sentAt;
    if (roundTrip < 0 || roundTrip > this.#best) return;
    this.#best = roundTrip;
    this.offset = time / 1000 - (sentAt + roundTrip / 2);
  }
}
