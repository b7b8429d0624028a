/**
 * The service's clock against this machine's, from the times of arrival: this machine's may be wrong by minutes.
 * The smallest difference seen is the best one, since every record takes some time to get here.
 */
export class ServiceClock {
  #ahead = Number.POSITIVE_INFINITY; // milliseconds by which this machine's clock is ahead

  /** arrival: of the newest record of an answer; behind: how far that is behind the newest of its shard. Milliseconds. */
  learn(arrival: number, behind: number, now: number = Date.now()): void {
    this.#ahead = Math.min(this.#ahead, now - arrival - behind);
  }

  /** What the service's clock shows, milliseconds since 1970. */
  now(now: number = Date.now()): number {
    return Number.isFinite(this.#ahead) ? now - this.#ahead : now;
  }
}
