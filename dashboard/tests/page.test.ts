import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff, sleep } from "../src/backoff.ts";
import { ServiceClock } from "../src/clock.ts";
import { ConfigError, fetchConfig, parseConfig } from "../src/config.ts";
import { clockSeconds, duration, lag, minute, mph, short, statusTime } from "../src/format.ts";
import { History } from "../src/history.ts";
import { failureOf } from "../src/kinesis.ts";
import { KEPT, LISTED, Minutes } from "../src/minutes.ts";
import { hueOf } from "../src/palette.ts";
import { unbroken } from "../src/panels/charts.ts";
import { together } from "../src/panels/detail.ts";
import { judge, worst } from "../src/panels/streams-list.ts";
import { Rate } from "../src/rate.ts";
import type { MinuteRow } from "../src/records.ts";
import type { ShardState } from "../src/stream.ts";

const BASE = "http://127.0.0.1:8080/map/index.html";
const SETTINGS = {
  region: "us-east-1",
  identityPool: "us-east-1:pool",
  streams: { readings: "r", summary: "s", errors: "e" },
  table: "t",
};
const row = (name: string, at: number, change: Partial<MinuteRow> = {}): MinuteRow => ({
  name,
  time: at * 60_000,
  distance: 1800,
  minMagic: 140,
  maxMagic: 150,
  minHealth: 130,
  maxHealth: 151,
  ...change,
});

test("settings: of the cloud, and of an emulator behind the page's own origin", () => {
  assert.deepEqual(parseConfig(JSON.stringify(SETTINGS), BASE), SETTINGS);
  assert.equal(
    parseConfig(JSON.stringify({ ...SETTINGS, endpoint: "/aws" }), BASE).endpoint,
    "http://127.0.0.1:8080/aws",
  );
  const tiles = { url: "https://tiles.example/{z}/{x}/{y}.png", attribution: "them" };
  assert.deepEqual(parseConfig(JSON.stringify({ ...SETTINGS, tiles }), BASE).tiles, tiles);
  assert.equal(parseConfig(JSON.stringify({ ...SETTINGS, window: 10_000 }), BASE).window, 10_000);
});

test("settings: every problem is named in one sentence", () => {
  assert.throws(() => parseConfig("{", BASE), ConfigError);
  assert.throws(
    () =>
      parseConfig(JSON.stringify({ ...SETTINGS, region: "", table: 5, tabel: "x", endpoint: "javascript:x" }), BASE),
    {
      message:
        "config.json cannot be used: tabel is not known; region is missing; table is missing; endpoint is not an address.",
    },
  );
  assert.throws(() => parseConfig(JSON.stringify({ ...SETTINGS, tiles: { url: "x" } }), BASE), /tiles.attribution/);
  assert.throws(() => parseConfig(JSON.stringify({ ...SETTINGS, window: "1 min" }), BASE), /number of milliseconds/);
});

test("settings: fetched beside the page, or told to be missing", async (context) => {
  const answers = [new Response(JSON.stringify(SETTINGS)), new Response("", { status: 404 })];
  const asked: string[] = [];
  context.mock.method(globalThis, "fetch", async (address: URL) => {
    asked.push(address.href);
    const answer = answers.shift();
    if (answer === undefined) {
      throw new TypeError("Failed to fetch");
    }
    return answer;
  });
  assert.deepEqual(await fetchConfig(BASE), SETTINGS);
  await assert.rejects(fetchConfig(BASE), { message: /^There is no config\.json beside the page \(status 404\)/ });
  await assert.rejects(fetchConfig(BASE), ConfigError);
  assert.deepEqual(new Set(asked), new Set(["http://127.0.0.1:8080/map/config.json"]));
});

test("backoff doubles up to its limit, with jitter, and begins again", () => {
  const most = new Backoff(100, 1000, () => 1);
  assert.deepEqual(
    [most.next(), most.next(), most.next(), most.next(), most.next(), most.next()],
    [100, 200, 400, 800, 1000, 1000],
  );
  most.reset();
  assert.equal(most.next(), 100);
  assert.equal(new Backoff(100, 1000, () => 0).next(), 10);
});

test("a sleep ends early when it is told to", async () => {
  const end = new AbortController();
  setTimeout(() => end.abort(), 5);
  const begun = Date.now();
  await sleep(60_000, end.signal);
  await sleep(60_000, end.signal);
  assert.ok(Date.now() - begun < 5000);
});

test("the service's clock is learnt from the arrival of its records, the best one counts", () => {
  const clock = new ServiceClock();
  assert.equal(clock.now(5000), 5000);
  clock.learn(1000, 30_000, 100_000); // 30 s behind the newest: that one came at 31,000
  assert.equal(clock.now(100_000), 31_000);
  clock.learn(62_500, 0, 130_000);
  assert.equal(clock.now(130_000), 62_500);
  clock.learn(63_000, 0, 140_000); // came late, tells nothing
  assert.equal(clock.now(140_000), 72_500);
});

test("records a second: those of ten whole seconds, the last two of which may be under way", () => {
  const rate = new Rate();
  for (let millisecond = 0; millisecond < 60_000; millisecond += 20) {
    rate.count(millisecond);
  }
  assert.equal(rate.perSecond(60_500), 50);
  assert.equal(rate.perSecond(67_000), 25);
  assert.equal(rate.perSecond(90_000), 0);
});

test("charts: a line goes on as long as one window follows another, of whatever length", () => {
  const at = (...times: number[]) => times.map((time) => ({ time, least: 1, most: 1 }));
  const pieces = (window: number) => unbroken(at(0, 10_000, 20_000, 40_000), window).map(({ length }) => length);
  assert.deepEqual(pieces(10_000), [3, 1]);
  assert.deepEqual(pieces(60_000), [4]);
});

test("minute rows: from stream and table, in any order, each once", () => {
  const minutes = new Minutes();
  minutes.accept([row("Bree", 3), row("Bree", 1), row("Jewel", 2)]);
  minutes.accept([row("Bree", 2)]);
  const before = minutes.version;
  minutes.accept([row("Bree", 3)]);
  assert.equal(minutes.version, before, "nothing new");
  assert.deepEqual(
    minutes.of("Bree").map(({ time }) => time / 60_000),
    [1, 2, 3],
  );
  assert.deepEqual(
    minutes.listed.map(({ name, time }) => `${name} ${time / 60_000}`),
    ["Bree 3", "Bree 2", "Jewel 2", "Bree 1"],
  );
  assert.equal(minutes.count, 4);
});

test("minute rows: a corrected one takes the place of the former", () => {
  const minutes = new Minutes();
  minutes.accept([row("Bree", 1), row("Bree", 1, { distance: 1850 })]);
  assert.equal(minutes.of("Bree")[0]?.distance, 1850);
  assert.deepEqual(
    minutes.listed.map(({ distance }) => distance),
    [1850],
  );
  assert.equal(minutes.count, 1);
});

test("minute rows: half an hour of each unicorn is kept, and the newest of all are listed", () => {
  const minutes = new Minutes();
  minutes.accept(Array.from({ length: 500 }, (_one, index) => row("Bree", index)));
  assert.equal(minutes.of("Bree").length, KEPT);
  assert.equal(minutes.of("Bree").at(-1)?.time, 499 * 60_000);
  assert.equal(minutes.listed.length, LISTED);
  const before = minutes.version;
  minutes.accept([row("Bree", 3)]);
  assert.equal(minutes.version, before, "older than what is kept");
});

test("all unicorns as one: distances add up, vitals are the extremes", () => {
  const minutes = new Minutes();
  minutes.accept([
    row("Bree", 1, { minHealth: 90 }),
    row("Jewel", 1, { distance: 1700, maxMagic: 190 }),
    row("Jewel", 2),
  ]);
  assert.deepEqual(together(minutes), [{ ...row("", 1), distance: 3500, minHealth: 90, maxMagic: 190 }, row("", 2)]);
});

test("history: each unicorn is asked for once, those that are looked at first, failures again", async () => {
  const asked: string[] = [];
  const taken: MinuteRow[] = [];
  let failures = 1;
  const history = new History(
    async (name) => {
      asked.push(name);
      if (name === "c" && failures > 0) {
        failures -= 1;
        throw new Error("throttled");
      }
      return [row(name, 1)];
    },
    (rows) => taken.push(...rows),
  );
  for (const name of ["a", "b", "c", "d", "e", "f", "g", "a", "b"]) {
    history.want(name);
  }
  history.want("g", true);
  const end = Date.now() + 5000;
  while (taken.length < 7 && Date.now() < end) {
    await sleep(5);
  }
  assert.deepEqual(asked.toSorted(), ["a", "b", "c", "c", "d", "e", "f", "g"]);
  assert.equal(asked.indexOf("g"), 4, "right after the four that were under way");
  assert.deepEqual(taken.map(({ name }) => name).toSorted(), ["a", "b", "c", "d", "e", "f", "g"]);
});

test("failures by the names of the SDK's errors", () => {
  const named = (name: string): Error => Object.assign(new Error(""), { name });
  assert.equal(failureOf(named("ExpiredIteratorException")), "expired");
  assert.equal(failureOf(named("ProvisionedThroughputExceededException")), "throttled");
  assert.equal(failureOf(named("AccessDeniedException")), "denied");
  assert.equal(failureOf(new TypeError("Failed to fetch")), "network");
  assert.equal(failureOf("nothing"), "network");
});

test("what is said of a stream: the worst first", () => {
  const shard = (state: ShardState["state"], behind = 0): ShardState => ({ id: "s", state, behind, records: 0 });
  const say = (status: string, answered: number, ...shards: ShardState[]): string =>
    judge({ status, answered, shards: new Map(shards.map((one, index) => [`${index}`, one])) }, 100_000).text;
  assert.equal(say("ACTIVE", 99_000, shard("reading"), shard("closed")), "live");
  assert.equal(say("ACTIVE", 99_000, shard("reading"), shard("throttled")), "slowed down by Kinesis, trying again");
  assert.equal(say("network", 99_000, shard("reading")), "no connection, trying again");
  assert.equal(say("ACTIVE", 70_000, shard("reading")), "no answer");
  assert.equal(say("ACTIVE", 99_000, shard("reading", 60_000)), "60 s behind");
  assert.equal(say("UPDATING", 99_000, shard("reading")), "updating");
  assert.equal(
    worst([
      { text: "a", level: "good" },
      { text: "b", level: "waiting" },
      { text: "c", level: "bad" },
    ]).text,
    "c",
  );
});

test("for people", () => {
  assert.equal(mph(30), "67.1 mph"); // 30 x 2.23694 = 67.1082
  assert.equal(duration(3210), "3.2 s");
  assert.equal(duration(95_000), "95 s");
  assert.equal(duration(600_000), "10 min");
  assert.equal(lag(-1_080_000), "18 min ahead");
  assert.equal(lag(900), "0.9 s behind");
  assert.equal(minute(Date.UTC(2026, 10, 3, 4, 5)), "3 Nov 04:05");
  const event = Date.UTC(2026, 10, 3, 4, 5, 6);
  assert.equal(clockSeconds(event, Date.UTC(2026, 10, 3, 23, 59, 59)), "04:05:06");
  assert.equal(clockSeconds(event, Date.UTC(2026, 10, 4)), "3 Nov 04:05");
  assert.equal(clockSeconds(event, Date.UTC(2026, 10, 2)), "3 Nov 04:05");
  assert.equal(statusTime(Date.UTC(2026, 10, 3, 4, 5)), "2026-11-03 04:05:00.000");
  assert.equal(short("🦄".repeat(41)), `${"🦄".repeat(39)}…`);
});

test("a name has the same hue everywhere", () => {
  assert.equal(hueOf("Shadowfax"), hueOf("Shadowfax"));
  assert.ok(new Set(["Shadowfax", "Rocinante", "Bucephalus", "Bree", "Boxer"].map(hueOf)).size > 2);
});
