import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { md5 } from "../src/md5.ts";
import { parts } from "../src/parts.ts";

interface Case {
  case: string;
  record: string;
  parts: string[];
}

const CASES: Case[] = JSON.parse(readFileSync(new URL("../../tests/record_parts.json", import.meta.url), "utf8"));
const bytes = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, "base64"));
const base64 = (data: Uint8Array): string => Buffer.from(data).toString("base64");

test("there are cases of each kind", () => {
  assert.ok(CASES.length > 60);
});

for (const one of CASES) {
  test(`parts as in the job: ${one.case}`, () => {
    assert.deepEqual(parts(bytes(one.record)).map(base64), one.parts);
  });
}

test("MD5 as Node computes it, for each length around a block", () => {
  for (const length of [...Array(200).keys(), 100_000]) {
    const data = Uint8Array.from({ length }, (_, at) => (at * 7 + length) % 256);
    assert.equal(base64(md5(data)), createHash("md5").update(data).digest("base64"), `${length} bytes`);
  }
});

test("no bytes throw, and joined documents are the record", () => {
  const pieces = ["{", "}", "[", "]", '"', "\\", "\n", " ", "{}", '{"a":1}', "\u00f3\u0089\u009a\u00c2", "x"];
  let seed = 7;
  for (let round = 0; round < 5000; round++) {
    let text = "";
    for (let length = round % 20; length > 0; length--) {
      seed = (seed * 48_271) % 2_147_483_647;
      text += pieces[seed % pieces.length];
    }
    const record = new Uint8Array(Buffer.from(text, "latin1"));
    assert.deepEqual(Buffer.concat(parts(record)), Buffer.from(record));
  }
});
