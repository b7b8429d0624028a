import assert from "node:assert/strict";
import { test } from "node:test";
import { Fleet, LEAVES, LONGEST_TRACK, presence, project, Unicorn } from "../src/fleet.ts";
import type { Reading } from "../src/records.ts";

const reading = (second: number, longitude = -73.98, name = "Bree"): Reading => ({
  name,
  time: second * 1000,
  latitude: 40.75,
  longitude,
  distance: 30,
  health: 150,
  magic: 150,
});

/** A fleet that has taken these readings, all in the air at `now`. */
function flown(now: number, ...readings: Reading[]): Fleet {
  const fleet = new Fleet();
  for (const one of readings) {
    fleet.accept([{ reading: one, heard: now }], now);
  }
  return fleet;
}

test("Web Mercator, against figures of the EPSG's guidance note 7-2", () => {
  // Its example for 3857: 24°22'54.433"N 100°20'00.000"W is E -11169055.58 m, N 2800000.00 m on a sphere of 6378137 m.
  const round = 2 * Math.PI * 6_378_137;
  const { x, y } = project(24 + 22 / 60 + 54.433 / 3600, -(100 + 20 / 60));
  assert.ok(Math.abs((x - 0.5) * round - -11_169_055.58) < 0.5);
  assert.ok(Math.abs((0.5 - y) * round - 2_800_000) < 0.5);
});

test("a marker glides from where it is to the new reading, and gets there before the next one", () => {
  const fleet = flown(1000, reading(1, -73.98));
  const bree = fleet.unicorns.get("Bree");
  assert.ok(bree);
  const start = bree.position.x;
  const end = project(40.75, -73.97).x;
  fleet.accept([{ reading: reading(2, -73.97), heard: 2000 }], 2000);
  const places = [2000, 2250, 2500, 2750, 3000, 3100].map((now) => {
    fleet.glide(now);
    return bree.position.x;
  });
  assert.equal(places[0], start);
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );
  assert.equal(new Set(places.slice(0, 5)).size, 5);
  assert.equal(places.at(-1), end);
  assert.ok(Math.abs(bree.heading - Math.PI / 2) < 1e-9, "due east");
});

test("a frame that began before the reading came leaves the marker where it is", () => {
  const fleet = flown(1000, reading(1, -73.98));
  fleet.accept([{ reading: reading(2, -73.97), heard: 2000 }], 2000);
  fleet.glide(1990);
  assert.equal(fleet.unicorns.get("Bree")?.position.x, project(40.75, -73.98).x);
});

test("several readings at once are flown along one after the other, and become the track", () => {
  const fleet = flown(0, reading(0, -73.98));
  const longitudes = [-73.97, -73.96, -73.95, -73.94];
  const readings = longitudes.map((longitude, index) => ({ reading: reading(index + 1, longitude), heard: 1000 }));
  fleet.accept(readings, 1000);
  const bree = fleet.unicorns.get("Bree");
  assert.ok(bree);
  fleet.glide(1525);
  assert.equal(bree.track.length, 3);
  fleet.glide(2100);
  assert.deepEqual(
    bree.track.map(({ x }) => x),
    [-73.98, ...longitudes].map((longitude) => project(40.75, longitude).x),
  );
});

test("an older reading moves no marker, and stands nowhere in the track", () => {
  const fleet = flown(1000, reading(10), reading(9, -70), reading(10, -70));
  fleet.glide(5000);
  assert.equal(fleet.unicorns.get("Bree")?.track.length, 1);
  assert.equal(fleet.unicorns.get("Bree")?.position.x, project(40.75, -73.98).x);
});

test("a unicorn whose clock has gone back after a silence begins another flight", () => {
  const fleet = flown(1000, reading(5000));
  fleet.accept([{ reading: reading(100, -73.9), heard: 9000 }], 9000);
  const bree = fleet.unicorns.get("Bree");
  assert.equal(bree?.reading.time, 100_000);
  assert.equal(bree?.track.length, 1);
  assert.equal(fleet.newest, 100_000);
});

test("a unicorn silent for 30 s fades and leaves; another stays", () => {
  const fleet = flown(0, reading(1), reading(1, -73, "Jewel"));
  fleet.accept([{ reading: reading(2, -73, "Jewel"), heard: LEAVES }], LEAVES);
  assert.deepEqual(fleet.glide(LEAVES), []);
  assert.deepEqual(fleet.glide(LEAVES + 2001), ["Bree"]);
  assert.deepEqual([...fleet.unicorns.keys()], ["Jewel"]);
  const shares = [0, 9000, 15_000, 29_000, 31_000, 32_000].map(presence);
  assert.deepEqual(
    shares,
    shares.toSorted((one, other) => other - one),
  );
  assert.deepEqual([shares[0], shares.at(-1)], [1, 0]);
});

test("a reading that came more than 30 s ago brings nobody into the air", () => {
  const fleet = new Fleet();
  fleet.accept([{ reading: reading(1), heard: 0 }], LEAVES + 1);
  assert.equal(fleet.unicorns.size, 0);
});

test("a long track keeps its start point and its newest points, and loses half of the older ones", () => {
  const bree = new Unicorn(reading(0, -73.98), 0);
  const start = bree.track[0];
  for (let second = 1; second <= 3000; second += 1) {
    bree.fly([reading(second, -73.98 + second / 1e5)], second * 1000, second * 1000);
    bree.glide(second * 1000 + 999_999);
  }
  assert.ok(bree.track.length <= LONGEST_TRACK && bree.track.length > LONGEST_TRACK / 2);
  assert.equal(bree.track[0], start);
  assert.equal(bree.track.at(-1)?.x, project(40.75, -73.98 + 3000 / 1e5).x);
  assert.ok(bree.thinned > 0);
});
