/**
 * What a record is taken apart into, as the job does it: docs/connectors.md, "What a record becomes".
 *
 * The Java of the job, the Python of the consumer and this are tested against tests/record_parts.json.
 */

import { md5 } from "./md5.ts";

const [TAB, LINE_FEED, RETURN, SPACE] = [0x09, 0x0a, 0x0d, 0x20];
const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_ARRAY, CLOSE_ARRAY] = [0x22, 0x5c, 0x7b, 0x7d, 0x5b, 0x5d];

/** The parts of a record in their order, at least one: the JSON objects in it, and in what it aggregates. */
export function parts(record: Uint8Array): Uint8Array[] {
  return (aggregated(record) ?? [record]).flatMap(documents);
}

// --- Several JSON objects ---------------------------------------------------------------------

/** Each part goes on until the next one begins, so that the parts together are the record. */
function documents(record: Uint8Array): Uint8Array[] {
  if (!mayBeSeveral(record)) {
    return [record];
  }
  const found: Uint8Array[] = [];
  let start = 0; // with the white space before it
  let at = afterSpace(record, 0);
  while (at < record.length) {
    at = next(record, record[at] === OPEN ? endOfObject(record, at) : at);
    found.push(record.subarray(start, at));
    start = at;
  }
  return found;
}

/** Quickly, for nearly all records: whether a brace closes before the last byte that is no white space. */
function mayBeSeveral(record: Uint8Array): boolean {
  const first = afterSpace(record, 0);
  if (record[first] !== OPEN || record[first + 1] === 0) {
    return false; // the zero: UTF-16 or UTF-32
  }
  const end = record.indexOf(CLOSE, first);
  return end >= 0 && afterSpace(record, end + 1) < record.length;
}

/** Where the next part begins, after an object that ends here: an object on its line, or whatever is on the next. */
function next(record: Uint8Array, at: number): number {
  const after = afterSpace(record, at);
  const isNextLine = record.subarray(at, after).includes(LINE_FEED);
  if (isNextLine || after === record.length || record[after] === OPEN) {
    return after;
  }
  const end = record.indexOf(LINE_FEED, after);
  return end < 0 ? record.length : afterSpace(record, end);
}

/** The place after the object that begins here, or the record's end; only brackets outside of texts are counted. */
function endOfObject(record: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < record.length; at++) {
    const byte = record[at];
    if (byte === QUOTE) {
      at = endOfText(record, at);
    } else if (byte === OPEN || byte === OPEN_ARRAY) {
      depth += 1;
    } else if (byte === CLOSE || byte === CLOSE_ARRAY) {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return record.length;
}

/** The place of the quote that ends the text which begins here. */
function endOfText(record: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < record.length && record[at] !== QUOTE) {
    at += record[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}

/** After white space as JSON has it. */
function afterSpace(record: Uint8Array, start: number): number {
  let at = start;
  for (let byte = record[at]; byte === SPACE || byte === LINE_FEED || byte === RETURN || byte === TAB; ) {
    at += 1;
    byte = record[at];
  }
  return at;
}

// --- Aggregates of the Kinesis Producer Library -------------------------------------------------

// https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
const MAGIC = [0xf3, 0x89, 0x9a, 0xc2];
const DIGEST = 16; // bytes of an MD5
const UTF8 = new TextDecoder("utf-8", { fatal: true });
// AggregatedRecord: repeated string partition_key_table = 1, ..., repeated Record = 3
const [PARTITION_KEYS, RECORDS] = [1, 3];
// Record: uint64 partition_key_index = 1, ..., bytes data = 3
const [PARTITION_KEY, DATA] = [1, 3];
// Types of fields in protobuf's wire format.
const [NUMBER, EIGHT_BYTES, BYTES, FOUR_BYTES] = [0, 1, 2, 5];
const LONGEST_NUMBER = 10; // bytes

interface Field {
  number: number;
  value: number | Uint8Array | undefined; // undefined: of a type that no field here has
}

/** The records in an aggregate; undefined if it is none, is damaged, or holds nothing. */
function aggregated(record: Uint8Array): Uint8Array[] | undefined {
  if (record.length <= MAGIC.length + DIGEST || !MAGIC.every((byte, at) => record[at] === byte)) {
    return undefined;
  }
  const message = record.subarray(MAGIC.length, -DIGEST);
  const digest = record.subarray(-DIGEST);
  if (!md5(message).every((byte, at) => digest[at] === byte)) {
    return undefined;
  }
  const found = fields(message);
  const keys = found?.flatMap(({ number, value }) =>
    number === PARTITION_KEYS && value instanceof Uint8Array ? [value] : [],
  );
  if (!keys?.every(isText)) {
    return undefined;
  }
  const inner = found?.flatMap(({ number, value }) =>
    number === RECORDS && value instanceof Uint8Array ? [data(value, keys.length)] : [],
  );
  const whole = inner?.filter((one) => one !== undefined);
  return whole?.length && whole.length === inner?.length ? whole : undefined;
}

function isText(bytes: Uint8Array): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** The data of a record in an aggregate with so many partition keys; undefined if it is none. */
function data(message: Uint8Array, keys: number): Uint8Array | undefined {
  let key = Number.POSITIVE_INFINITY;
  let found: Uint8Array | undefined;
  for (const { number, value } of fields(message) ?? []) {
    if (number === PARTITION_KEY && typeof value === "number") {
      key = value;
    } else if (number === DATA && value instanceof Uint8Array) {
      found = value;
    }
  }
  return key < keys ? found : undefined;
}

/** The fields of a protobuf message; undefined if it is none. */
function fields(message: Uint8Array): Field[] | undefined {
  const found: Field[] = [];
  let at = 0;
  /** A number of 64 bits, not exact from 2^53 on: seven bits a byte, the lowest first; the eighth: more follow. */
  const varint = (): number | undefined => {
    let value = 0;
    for (let i = 0; i < LONGEST_NUMBER; i++) {
      const byte = message[at++];
      if (byte === undefined) {
        return undefined;
      }
      value += (byte & (i === LONGEST_NUMBER - 1 ? 1 : 0x7f)) * 2 ** (7 * i);
      if (byte < 0x80) {
        return value;
      }
    }
    return undefined;
  };
  while (at < message.length) {
    const key = varint();
    if (key === undefined || key < 8 || key >= 2 ** 32) {
      return undefined;
    }
    const [number, type] = [Math.floor(key / 8), key % 8];
    if (type === NUMBER) {
      const value = varint();
      if (value === undefined) {
        return undefined;
      }
      found.push({ number, value });
      continue;
    }
    const length = type === BYTES ? varint() : type === EIGHT_BYTES ? 8 : type === FOUR_BYTES ? 4 : undefined;
    if (length === undefined || length > message.length - at) {
      return undefined;
    }
    found.push({ number, value: type === BYTES ? message.subarray(at, at + length) : undefined });
    at += length;
  }
  return found;
}
