import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Kinesis, KinesisRecord, Position, Shard, Summary } from "../src/kinesis.ts";
import { type Options, StreamReader } from "../src/stream.ts";

const HURRIED = { pause: 2, look: 20, longest: 20, calls: 1e9 };

interface Kept {
  parents: string[];
  records: KinesisRecord[];
  isClosed: boolean;
}

/** A stream in memory that can be split, that throttles, forgets iterators and loses the network. */
class FakeStream implements Kinesis {
  readonly kept = new Map<string, Kept>();
  readonly positions: { shard: string; position: Position }[] = [];
  readonly failures: string[] = []; // names of errors that the next calls to GetRecords throw
  renewed = 0;
  reads = 0;
  created = 1000;
  page = 1000;
  newest = Number.POSITIVE_INFINITY; // what the service's clock shows
  isGone = false;
  #sequence = 0;
  #iterators = new Map<string, { shard: string; index: number }>();

  constructor(...shards: string[]) {
    for (const shard of shards) {
      this.open(shard);
    }
  }

  open(shard: string, ...parents: string[]): void {
    this.kept.set(shard, { parents, records: [], isClosed: false });
    for (const parent of parents) {
      this.#shard(parent).isClosed = true;
    }
  }

  put(shard: string, ...texts: string[]): void {
    for (const text of texts) {
      this.#sequence += 1;
      this.#shard(shard).records.push({
        data: new TextEncoder().encode(text),
        sequenceNumber: String(this.#sequence).padStart(20, "0"),
        arrival: Date.now(),
      });
    }
  }

  /** Deleted, and made again with the same name and shards. */
  again(): void {
    this.created += 1;
    this.#sequence = 0;
    this.#iterators.clear();
    for (const kept of this.kept.values()) {
      kept.records = [];
    }
  }

  forgetIterators(): void {
    this.#iterators.clear();
  }

  renew(): void {
    this.renewed += 1;
  }

  async summary(): Promise<Summary> {
    this.#check();
    return { status: "ACTIVE", created: this.created };
  }

  async shards(_stream: string, since: number | undefined): Promise<Shard[]> {
    this.#check();
    if (since !== undefined && since > this.newest) {
      throw named("InvalidArgumentException");
    }
    return [...this.kept].map(([id, { parents }]) => ({ id, parents }));
  }

  async iterator(_stream: string, shard: string, position: Position): Promise<string> {
    this.#check();
    const { records } = this.#shard(shard);
    this.positions.push({ shard, position });
    const index = {
      TRIM_HORIZON: () => 0,
      LATEST: () => records.length,
      AT_TIMESTAMP: () =>
        records.findIndex(({ arrival }) => position.type === "AT_TIMESTAMP" && arrival >= position.time),
      AFTER_SEQUENCE_NUMBER: () =>
        records.findIndex(
          ({ sequenceNumber }) => position.type === "AFTER_SEQUENCE_NUMBER" && sequenceNumber > position.sequenceNumber,
        ),
    }[position.type]();
    return this.#iterator(shard, index < 0 ? records.length : index);
  }

  async records(iterator: string): Promise<Answer> {
    this.#check();
    this.reads += 1;
    const failure = this.failures.shift();
    if (failure !== undefined) {
      throw named(failure);
    }
    const place = this.#iterators.get(iterator);
    if (place === undefined) {
      throw named("ExpiredIteratorException");
    }
    const { records, isClosed } = this.#shard(place.shard);
    const found = records.slice(place.index, place.index + this.page);
    const next = place.index + found.length;
    const isEnd = isClosed && next >= records.length;
    const ahead = records[next];
    return {
      records: found,
      next: isEnd ? undefined : this.#iterator(place.shard, next),
      behind: ahead === undefined ? 0 : Math.max(1, Date.now() - ahead.arrival),
    };
  }

  #iterator(shard: string, index: number): string {
    const name = `${shard} ${index} ${this.#iterators.size}`;
    this.#iterators.set(name, { shard, index });
    return name;
  }

  #shard(id: string): Kept {
    const kept = this.kept.get(id);
    if (kept === undefined) {
      throw named("ResourceNotFoundException");
    }
    return kept;
  }

  #check(): void {
    if (this.isGone) {
      throw new TypeError("Failed to fetch");
    }
  }
}

function named(name: string): Error {
  return Object.assign(new Error(name), { name });
}

/** Reads a stream while `during` runs; every text that came, in order. */
async function reading(
  stream: FakeStream,
  during: (seen: string[], reader: StreamReader) => Promise<void>,
  options: Partial<Options> = {},
): Promise<string[]> {
  const seen: string[] = [];
  const reader = new StreamReader(
    "birds",
    stream,
    { since: () => 0, patience: Number.POSITIVE_INFINITY, ...HURRIED, ...options },
    (records) => seen.push(...records.map(({ data }) => new TextDecoder().decode(data))),
  );
  const running = reader.run();
  try {
    await during(seen, reader);
  } finally {
    reader.stop();
    await running;
  }
  return seen;
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const end = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < end, `not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test("every record of every shard comes once, in the order of its shard", async () => {
  const stream = new FakeStream("a", "b", "c");
  stream.page = 3;
  const wanted = Array.from({ length: 30 }, (_one, index) => `${"abc"[index % 3]}${index}`);
  for (const text of wanted.slice(0, 15)) {
    stream.put(text[0] ?? "", text);
  }
  const seen = await reading(stream, async (sofar) => {
    await until(() => sofar.length === 15, "the first half");
    for (const text of wanted.slice(15)) {
      stream.put(text[0] ?? "", text);
    }
    await until(() => sofar.length === 30, "the second half");
  });
  for (const shard of "abc") {
    assert.deepEqual(
      seen.filter((text) => text.startsWith(shard)),
      wanted.filter((text) => text.startsWith(shard)),
    );
  }
});

test("children of a split shard are read after their parent, from their beginning", async () => {
  const stream = new FakeStream("parent");
  stream.page = 2;
  stream.put("parent", "1", "2", "3");
  const seen = await reading(stream, async (sofar) => {
    stream.put("parent", "4", "5");
    stream.open("left", "parent");
    stream.open("right", "parent");
    stream.put("left", "6", "7");
    stream.put("right", "8");
    await until(() => sofar.length === 8, "all of both generations");
  });
  assert.deepEqual(seen.slice(0, 5), ["1", "2", "3", "4", "5"]);
  assert.deepEqual(seen.slice(5).sort(), ["6", "7", "8"]);
});

test("a merged shard waits for both of its parents", async () => {
  const stream = new FakeStream("left", "right");
  stream.page = 1;
  stream.put("left", "1");
  stream.put("right", "2", "3", "4", "5", "6");
  const seen = await reading(stream, async (sofar) => {
    stream.open("child", "left", "right");
    stream.put("child", "7");
    await until(() => sofar.length === 7, "all");
  });
  assert.equal(seen.at(-1), "7");
});

test("shards that are split while they are read are followed without waiting for the next look", async () => {
  const stream = new FakeStream("parent");
  await reading(
    stream,
    async (sofar, reader) => {
      await until(() => reader.state.shards.get("parent")?.state === "reading", "reading");
      stream.open("child", "parent");
      stream.put("child", "1");
      await until(() => sofar.length === 1, "the child's record");
    },
    { look: 60_000 },
  );
});

test("an expired iterator is asked for again behind the last record", async () => {
  const stream = new FakeStream("a");
  stream.put("a", "1", "2");
  const seen = await reading(stream, async (sofar) => {
    await until(() => sofar.length === 2, "the first two");
    stream.forgetIterators();
    stream.put("a", "3");
    await until(() => sofar.length === 3, "the third");
  });
  assert.deepEqual(seen, ["1", "2", "3"]);
  assert.equal(stream.positions.at(-1)?.position.type, "AFTER_SEQUENCE_NUMBER");
});

for (const failure of [
  "ProvisionedThroughputExceededException",
  "KMSThrottlingException",
  "InternalFailure",
  "ExpiredTokenException",
  "TypeError",
]) {
  test(`${failure}: waits longer each time, and loses nothing`, async () => {
    const stream = new FakeStream("a");
    stream.put("a", "1");
    stream.failures.push(...Array.from({ length: 5 }, () => failure));
    const seen = await reading(stream, async (sofar) => {
      await until(() => sofar.length === 1, "the record");
    });
    assert.deepEqual(seen, ["1"]);
    assert.equal(stream.renewed > 0, failure === "ExpiredTokenException");
  });
}

test("throttled for long, it asks ever more seldom", async () => {
  const stream = new FakeStream("a");
  stream.failures.push(...Array.from({ length: 1000 }, () => "ProvisionedThroughputExceededException"));
  await reading(
    stream,
    async (_seen, reader) => {
      await until(() => reader.state.shards.get("a")?.state === "throttled", "throttled");
      await new Promise((resolve) => setTimeout(resolve, 300));
    },
    { longest: 10_000, random: () => 0.99 },
  );
  assert.ok(stream.reads < 12, `${stream.reads} reads in 0.3 s`); // 2, 4, 8, ... 256 ms
});

test("a network that is lost is told, and what came meanwhile is read when it is back", async () => {
  const stream = new FakeStream("a");
  stream.put("a", "1");
  const seen = await reading(stream, async (sofar, reader) => {
    await until(() => sofar.length === 1, "the first");
    stream.isGone = true;
    await until(() => reader.state.status === "network", "told");
    stream.put("a", "2", "3");
    stream.isGone = false;
    reader.hurry();
    await until(() => sofar.length === 3, "the others");
    await until(() => reader.state.status === "ACTIVE", "told to be back");
  });
  assert.deepEqual(seen, ["1", "2", "3"]);
});

test("a stream that was made anew is read from its beginning", async () => {
  const stream = new FakeStream("a");
  stream.put("a", "1");
  const seen = await reading(stream, async (sofar) => {
    await until(() => sofar.length === 1, "the first");
    stream.again();
    stream.put("a", "2");
    await until(() => sofar.length === 2, "the other stream's");
  });
  assert.deepEqual(seen, ["1", "2"]);
});

test("a stream that is not there yet is found when it is", async () => {
  const stream = new FakeStream("a");
  stream.isGone = true;
  await reading(stream, async (sofar, reader) => {
    await until(() => reader.state.status === "network", "told");
    stream.isGone = false;
    stream.put("a", "1");
    await until(() => sofar.length === 1, "the record");
  });
});

test("too far behind, it skips to now, once", async () => {
  const stream = new FakeStream("a");
  stream.page = 1;
  stream.put("a", "old", "older", "gone");
  for (const record of stream.kept.get("a")?.records ?? []) {
    record.arrival -= 600_000;
  }
  stream.put("a", "now");
  const start = Date.now() - 30_000;
  let isLate = false;
  const seen = await reading(
    stream,
    async (sofar) => {
      await until(() => sofar.includes("now"), "the newest");
    },
    {
      patience: 60_000,
      since: () => {
        const since = isLate ? start : 0; // at first everything, as after a long sleep
        isLate = true;
        return since;
      },
    },
  );
  assert.deepEqual(seen, ["old", "now"]);
});

test("a start that lies ahead of the service's clock is refused, and begins with the newest", async () => {
  const stream = new FakeStream("a");
  stream.failures.push("InvalidArgumentException");
  const seen = await reading(stream, async (sofar, reader) => {
    await until(() => reader.state.shards.get("a")?.state === "reading", "reading");
    stream.put("a", "1");
    await until(() => sofar.length === 1, "the record");
  });
  assert.deepEqual(seen, ["1"]);
  assert.equal(stream.positions.at(-1)?.position.type, "LATEST");
});

test("a clock that is ahead of the service's finds the shards all the same", async () => {
  const stream = new FakeStream("a");
  stream.newest = Date.now();
  const seen = await reading(
    stream,
    async (sofar, reader) => {
      await until(() => reader.state.shards.get("a")?.state === "reading", "reading");
      stream.put("a", "1");
      await until(() => sofar.length === 1, "the record");
    },
    { since: () => Date.now() + 600_000 },
  );
  assert.deepEqual(seen, ["1"]);
});

test("many shards share the calls that a visitor may make", async () => {
  const shards = Array.from({ length: 64 }, (_one, index) => `s${index}`);
  const stream = new FakeStream(...shards);
  for (const shard of shards) {
    stream.put(shard, shard);
  }
  const seen = await reading(
    stream,
    async (sofar) => {
      await until(() => sofar.length === 64, "one of each");
      const before = stream.reads;
      await new Promise((resolve) => setTimeout(resolve, 400));
      assert.ok(stream.reads - before < 130, `${stream.reads - before} reads in 0.4 s at 160 a second`);
    },
    { calls: 160 },
  );
  assert.deepEqual(seen.toSorted(), shards.toSorted());
});
