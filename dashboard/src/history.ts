import { Backoff, sleep } from "./backoff.ts";
import type { MinuteRow } from "./records.ts";

const AT_ONCE = 4; // queries
const PAUSE = 50; // milliseconds after each: a visitor asks for no more than 80 unicorns a second
const ATTEMPTS = 6;

/** Fetches the rows of every unicorn once from the table, those that somebody looks at first. */
export class History {
  readonly #query: (name: string) => Promise<MinuteRow[]>;
  readonly #take: (rows: MinuteRow[]) => void;
  readonly #asked = new Set<string>();
  readonly #waiting: string[] = [];
  #running = 0;

  constructor(query: (name: string) => Promise<MinuteRow[]>, take: (rows: MinuteRow[]) => void) {
    this.#query = query;
    this.#take = take;
  }

  /** Asks for a unicorn's rows, unless that has been done. isWatched: before all others. */
  want(name: string, isWatched = false): void {
    if (this.#asked.has(name)) {
      const place = isWatched ? this.#waiting.indexOf(name) : -1;
      if (place > 0) {
        this.#waiting.splice(place, 1);
        this.#waiting.unshift(name);
      }
      return;
    }
    this.#asked.add(name);
    this.#waiting[isWatched ? "unshift" : "push"](name);
    if (this.#running < AT_ONCE) {
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    this.#running += 1;
    for (let name = this.#waiting.shift(); name !== undefined; name = this.#waiting.shift()) {
      await this.#fetch(name);
      await sleep(PAUSE);
    }
    this.#running -= 1;
  }

  async #fetch(name: string): Promise<void> {
    const backoff = new Backoff(500, 15_000);
    while (backoff.failures < ATTEMPTS) {
      try {
        this.#take(await this.#query(name));
        return;
      } catch {
        await sleep(backoff.next());
      }
    }
    this.#asked.delete(name); // may be asked for again
  }
}
