import { Backoff, sleep } from "./backoff.ts";
import type { Answer, Failure, Kinesis, KinesisRecord, Position, Shard } from "./kinesis.ts";
import { failureOf } from "./kinesis.ts";

/** What is known of one shard. */
export interface ShardState {
  id: string;
  /** reading: its last call was answered; closed: read to its end, its children go on. */
  state: "starting" | "reading" | "closed" | Failure;
  /** Milliseconds behind the newest record, by the last answer. */
  behind: number;
  records: number;
}

/** What is known of one stream. */
export interface StreamState {
  /** The service's word (ACTIVE, UPDATING), or what went wrong with the last look at it. */
  status: string;
  shards: ReadonlyMap<string, ShardState>;
  /** When something was last answered, by `Date.now()`; 0 for never. */
  answered: number;
}

export interface Options {
  /** Where to begin in the shards that are there at first, milliseconds since 1970. */
  since: () => number;
  /** So many milliseconds behind, leave out what is older: the map shows what is now. Without it, read everything. */
  patience?: number;
  random?: () => number;
  /** Calls a second to GetRecords, at most. Each shard gives 5 a second to all its readers together. */
  calls?: number;
  /** Milliseconds between two reads of a shard, between two looks at the stream, and of the longest wait after failures. */
  pause?: number;
  look?: number;
  longest?: number;
}

const BEHIND = 400; // milliseconds between two reads of a shard with more to read: half of what the service grants
const FOREVER = { type: "TRIM_HORIZON" } as const;

/** One shard being followed. */
class Follower {
  readonly state: ShardState;
  readonly shard: Shard;
  readonly backoff: Backoff;
  position: Position;
  iterator: string | undefined;
  isStarted = false;
  /** Whether it may leave records out: once, until it has caught up. */
  maySkip = true;

  constructor(shard: Shard, position: Position, backoff: Backoff) {
    this.shard = shard;
    this.position = position;
    this.backoff = backoff;
    this.state = { id: shard.id, state: "starting", behind: 0, records: 0 };
  }
}

/**
 * Reads every shard of a stream, and goes on: through splits and merges (children after their parents' end), expired
 * iterators, throttling, lost networks, expired credentials, and a stream that was deleted and made again.
 */
export class StreamReader {
  readonly name: string;
  readonly #kinesis: Kinesis;
  readonly #take: (records: KinesisRecord[], behind: number) => void;
  readonly #options: Required<Options>;
  readonly #followers = new Map<string, Follower>();
  readonly #end = new AbortController();
  #round = new AbortController(); // of the followers; another stream of the same name begins another round
  #wake = new AbortController(); // ends the followers' waits early
  #again = new AbortController(); // ends the wait between two looks at the stream early
  #status = "connecting";
  #created = 0;
  #isEarly = false; // this machine's clock is ahead of the service's: it asked for shards of the future
  #answered = 0;

  constructor(
    name: string,
    kinesis: Kinesis,
    options: Options,
    take: (records: KinesisRecord[], behind: number) => void,
  ) {
    this.name = name;
    this.#kinesis = kinesis;
    this.#take = take;
    this.#options = {
      patience: Number.POSITIVE_INFINITY,
      random: Math.random,
      calls: 20,
      pause: 1000,
      look: 30_000,
      longest: 15_000,
      ...options,
    };
  }

  /** A picture of the stream now. */
  get state(): StreamState {
    const shards = new Map([...this.#followers].map(([id, follower]) => [id, follower.state]));
    return { status: this.#status, shards, answered: this.#answered };
  }

  /** Reads until `stop` is called. */
  async run(): Promise<void> {
    const backoff = new Backoff(1000, this.#options.longest, this.#options.random);
    let isFirst = true;
    while (!this.#end.signal.aborted) {
      let pause = this.#options.look * (0.9 + 0.2 * this.#options.random());
      this.#again = new AbortController();
      try {
        await this.#look(isFirst);
        isFirst = false;
        backoff.reset();
      } catch (error) {
        this.#status = this.#failed(error);
        this.#isEarly ||= this.#status === "refused";
        pause = backoff.next();
      }
      const least = Math.min(pause, this.#options.pause);
      await sleep(least, this.#end.signal);
      await sleep(pause - least, AbortSignal.any([this.#again.signal, this.#end.signal]));
    }
  }

  /** Ends all reading. */
  stop(): void {
    this.#end.abort();
    this.#round.abort();
    this.hurry();
  }

  /** Look and read at once, without waiting out what went wrong before: the network is back, the page is seen again. */
  hurry(): void {
    const former = this.#wake;
    this.#wake = new AbortController();
    former.abort();
    this.#again.abort();
  }

  /** Looks at the stream and follows the shards that it did not know. */
  async #look(isFirst: boolean): Promise<void> {
    const summary = await this.#kinesis.summary(this.name);
    if (this.#created !== 0 && summary.created !== this.#created) {
      // Positions in the former stream mean nothing in this one; all that it holds is new.
      this.#round.abort();
      this.#round = new AbortController();
      this.#followers.clear();
    }
    this.#created = summary.created;
    const since = this.#options.since();
    const shards = await this.#kinesis.shards(this.name, this.#isEarly ? undefined : since);
    this.#status = summary.status;
    this.#answered = Date.now();
    for (const [id, { state }] of this.#followers) {
      if (!shards.some((shard) => shard.id === id) && (state.state === "closed" || state.state === "missing")) {
        this.#followers.delete(id);
      }
    }
    for (const shard of shards) {
      if (!this.#followers.has(shard.id)) {
        // A shard that appears later holds only what came after its parents' end.
        const position: Position = isFirst ? { type: "AT_TIMESTAMP", time: since } : FOREVER;
        this.#followers.set(shard.id, new Follower(shard, position, this.#backoff()));
      }
    }
    this.#startReady();
  }

  /** Starts the followers whose parents have been read to their ends, or are not there any more. */
  #startReady(): void {
    for (const follower of this.#followers.values()) {
      const isReady = follower.shard.parents.every((id) => {
        const parent = this.#followers.get(id);
        return parent === undefined || parent.state.state === "closed";
      });
      if (isReady && !follower.isStarted) {
        follower.isStarted = true;
        void this.#follow(follower, this.#round.signal);
      }
    }
  }

  async #follow(follower: Follower, round: AbortSignal): Promise<void> {
    // Not all shards in the same instant.
    await this.#wait(this.#options.random() * Math.min(this.#pause(), 300));
    while (!round.aborted && this.#followers.get(follower.shard.id) === follower) {
      let pause: number;
      try {
        follower.iterator ??= await this.#kinesis.iterator(this.name, follower.shard.id, follower.position);
        const answer = await this.#kinesis.records(follower.iterator);
        if (round.aborted) {
          return;
        }
        this.#answered = Date.now();
        follower.backoff.reset();
        this.#accept(follower, answer);
        if (answer.next === undefined) {
          follower.state.state = "closed";
          follower.state.behind = 0;
          this.#startReady();
          this.#again.abort(); // the children may not be known yet
          return;
        }
        follower.state.state = "reading";
        const hasMore = answer.behind > 0 && answer.records.length > 0;
        pause = hasMore ? Math.min(BEHIND, this.#pause()) : this.#pause() * (0.9 + 0.2 * this.#options.random());
      } catch (error) {
        pause = this.#recover(follower, error);
      }
      await this.#wait(pause);
    }
  }

  #accept(follower: Follower, answer: Answer): void {
    follower.state.behind = answer.behind;
    follower.state.records += answer.records.length;
    follower.iterator = answer.next;
    const last = answer.records.at(-1);
    if (last !== undefined) {
      follower.position = { type: "AFTER_SEQUENCE_NUMBER", sequenceNumber: last.sequenceNumber };
      this.#take(answer.records, answer.behind);
    }
    if (answer.behind <= this.#options.patience) {
      follower.maySkip = true;
    } else if (answer.next !== undefined && follower.maySkip) {
      follower.maySkip = false;
      follower.position = { type: "AT_TIMESTAMP", time: this.#options.since() };
      follower.iterator = undefined;
    }
  }

  /** What follows from a failed call; the milliseconds to wait. */
  #recover(follower: Follower, error: unknown): number {
    const failure = this.#failed(error);
    follower.state.state = failure;
    const pause = follower.backoff.next();
    if (failure === "expired" || failure === "missing" || failure === "denied") {
      follower.iterator = undefined;
    }
    if (failure === "missing") {
      this.#again.abort(); // the stream may be gone, or another one of its name be there
    }
    if (failure === "refused") {
      // A time that lies ahead of the service's clock, a sequence number of another stream.
      follower.iterator = undefined;
      follower.position = { type: "LATEST" };
    }
    return failure === "expired" && follower.backoff.failures === 1 ? 0 : pause;
  }

  #failed(error: unknown): Failure {
    const failure = failureOf(error);
    if (failure === "denied") {
      this.#kinesis.renew();
    }
    return failure;
  }

  #backoff(): Backoff {
    return new Backoff(Math.min(1000, this.#options.pause), this.#options.longest, this.#options.random);
  }

  /** Milliseconds between two reads of one shard: the more shards, the longer. */
  #pause(): number {
    const open = [...this.#followers.values()].filter((follower) => follower.state.state !== "closed").length;
    return Math.max(this.#options.pause, (1000 * open) / this.#options.calls);
  }

  async #wait(milliseconds: number): Promise<void> {
    await sleep(milliseconds, this.#wake.signal);
  }
}
