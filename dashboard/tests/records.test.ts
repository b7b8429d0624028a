import assert from "node:assert/strict";
import { test } from "node:test";
import { parseReading, parseRejected, parseRow, parseTime } from "../src/records.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const GOOD = {
  Distance: 30.25,
  HealthPoints: 150,
  Latitude: 40.749167,
  Longitude: -73.985184,
  MagicPoints: 149,
  Name: "Shadowfax",
  StatusTime: "2026-03-01 10:00:00.123",
};

test("a reading as the contract has it", () => {
  assert.deepEqual(parseReading(bytes(`${JSON.stringify(GOOD)}\n`)), {
    name: "Shadowfax",
    time: Date.UTC(2026, 2, 1, 10, 0, 0, 123),
    latitude: 40.749167,
    longitude: -73.985184,
    distance: 30.25,
    health: 150,
    magic: 149,
  });
});

test("further keys are ignored, an integer does for a float", () => {
  const reading = parseReading(bytes(JSON.stringify({ ...GOOD, Distance: 30, InputData: "Unicornerror", x: {} })));
  assert.equal(reading?.distance, 30);
});

for (const [what, change] of Object.entries<Record<string, unknown>>({
  "no name": { Name: undefined },
  "an empty name": { Name: "" },
  "a name of 129 characters": { Name: "x".repeat(129) },
  "a name that is a number": { Name: 7 },
  "a latitude beyond the pole": { Latitude: 91 },
  "a longitude as text": { Longitude: "-73.9" },
  "no place": { Latitude: null },
  "health as text": { HealthPoints: "150" },
  "health with a fraction": { HealthPoints: 150.5 },
  "an absurd distance": { Distance: 1e300 },
  "a time of another form": { StatusTime: "2026-03-01T10:00:00Z" },
  "30 February": { StatusTime: "2026-02-30 10:00:00.000" },
})) {
  test(`${what} cannot be shown`, () => {
    assert.equal(parseReading(bytes(JSON.stringify({ ...GOOD, ...change }))), undefined);
  });
}

for (const text of ["", "{", "null", "[]", "7", '"text"', "NaN", `${JSON.stringify(GOOD)}x`, "[".repeat(100_000)]) {
  test(`${JSON.stringify(text.slice(0, 20))} is no record of any stream`, () => {
    assert.equal(parseReading(bytes(text)), undefined);
    assert.equal(parseRow(bytes(text)), undefined);
    assert.equal(parseRejected(bytes(text)), undefined);
  });
}

test("several readings are no reading: a record is taken apart before", () => {
  const line = `${JSON.stringify(GOOD)}\n`;
  // As the Kinesis Producer Library begins an aggregate.
  const aggregate = new Uint8Array([0xf3, 0x89, 0x9a, 0xc2, 0x0a, 0x01, 0x61, ...bytes(line)]);
  for (const record of [bytes(line + line), bytes(line.trim() + line), aggregate]) {
    assert.equal(parseReading(record), undefined);
  }
});

test("bytes that are no UTF-8 are no record", () => {
  const data = bytes(JSON.stringify(GOOD));
  data[data.indexOf("S".charCodeAt(0), 100)] = 0xff; // of the name
  assert.equal(parseReading(data), undefined);
});

test("times: the end of a minute, the last millisecond of a day, and what is none", () => {
  assert.equal(parseTime("2026-03-01 10:01:00.000"), Date.UTC(2026, 2, 1, 10, 1));
  assert.equal(parseTime("2024-02-29 23:59:59.999"), Date.UTC(2024, 1, 29, 23, 59, 59, 999));
  for (const bad of ["2026-13-01 10:00:00.000", "2026-03-01 24:00:00.000", "2026-03-01 10:60:00.000", 5, null]) {
    assert.equal(parseTime(bad), undefined);
  }
});

test("a row and an error as the contract has them", () => {
  const row = {
    Name: "Bree",
    StatusTime: "2026-03-01 10:01:00.000",
    Distance: 1801,
    MinMagicPoints: 98,
    MaxMagicPoints: 102,
    MinHealthPoints: 140,
    MaxHealthPoints: 149,
  };
  assert.deepEqual(parseRow(bytes(JSON.stringify(row))), {
    name: "Bree",
    time: Date.UTC(2026, 2, 1, 10, 1),
    distance: 1801,
    minMagic: 98,
    maxMagic: 102,
    minHealth: 140,
    maxHealth: 149,
  });
  assert.equal(parseRow(bytes(JSON.stringify({ ...row, Distance: "1801" }))), undefined);
  const error = { ERROR_NAME: "LATE", MESSAGE: "too late", DATA_ROW: "{}", ERROR_TIME: "2026-03-01 10:01:00.000" };
  assert.deepEqual(parseRejected(bytes(JSON.stringify(error))), {
    kind: "LATE",
    message: "too late",
    row: "{}",
    time: "2026-03-01 10:01:00.000",
  });
});
