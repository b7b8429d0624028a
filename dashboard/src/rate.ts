const SECONDS = 10;

/** Records a second over the last ten whole seconds, by their times of arrival. */
export class Rate {
  readonly #counts = new Map<number, number>();
  #newest = 0;

  /** arrival: milliseconds since 1970. */
  count(arrival: number): void {
    const second = Math.floor(arrival / 1000);
    this.#counts.set(second, (this.#counts.get(second) ?? 0) + 1);
    if (second > this.#newest) {
      this.#newest = second;
      for (const old of this.#counts.keys()) {
        if (old < second - 4 * SECONDS) {
          this.#counts.delete(old);
        }
      }
    }
  }

  /** now: milliseconds since 1970, by the clock that the arrivals have. The last two seconds may still be on their way. */
  perSecond(now: number): number {
    const end = Math.floor(now / 1000) - 2;
    let sum = 0;
    for (let second = end - SECONDS; second < end; second += 1) {
      sum += this.#counts.get(second) ?? 0;
    }
    return sum / SECONDS;
  }
}
