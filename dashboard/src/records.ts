/** Records of the three streams, as the contract has them. Whatever the bytes are, reading them throws nothing. */

/** One reading of a unicorn. */
export interface Reading {
  name: string;
  /** Event time, milliseconds since 1970. */
  time: number;
  latitude: number;
  longitude: number;
  /** Metres flown in the last second. */
  distance: number;
  health: number;
  magic: number;
}

/** One unicorn's minute, as Flink sums it up. */
export interface MinuteRow {
  name: string;
  /** The minute's end, milliseconds since 1970. */
  time: number;
  /** Metres. */
  distance: number;
  minMagic: number;
  maxMagic: number;
  minHealth: number;
  maxHealth: number;
}

/** A record that is in no row, and why. */
export interface Rejected {
  kind: string;
  message: string;
  row: string;
  time: string;
}

const STATUS_TIME = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\.(\d{3})$/;
const LONGEST_NAME = 128; // characters: what the job takes
const MOST = 1e9; // metres: what the job takes

/** `yyyy-MM-dd HH:mm:ss.SSS` in UTC as milliseconds since 1970; undefined for anything else, 30 February included. */
export function parseTime(text: unknown): number | undefined {
  const match = typeof text === "string" ? STATUS_TIME.exec(text) : null;
  if (match === null) {
    return undefined;
  }
  const [year, month, day, hour, minute, second, milli] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second, milli);
  const back = new Date(time);
  const isReal =
    year >= 100 && back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60;
  return isReal && second < 60 ? time : undefined;
}

/** A raw reading that can be shown on the map; undefined if it cannot. */
export function parseReading(data: Uint8Array): Reading | undefined {
  const record = parseObject(data);
  if (record === undefined) {
    return undefined;
  }
  const name = parseName(record.Name);
  const time = parseTime(record.StatusTime);
  const latitude = between(record.Latitude, -90, 90);
  const longitude = between(record.Longitude, -180, 180);
  const distance = between(record.Distance, -MOST, MOST);
  const health = whole(record.HealthPoints);
  const magic = whole(record.MagicPoints);
  if (
    name === undefined ||
    time === undefined ||
    latitude === undefined ||
    longitude === undefined ||
    distance === undefined ||
    health === undefined ||
    magic === undefined
  ) {
    return undefined;
  }
  return { name, time, latitude, longitude, distance, health, magic };
}

/** A record of the summary stream; undefined if it is none. */
export function parseRow(data: Uint8Array): MinuteRow | undefined {
  const record = parseObject(data);
  return record === undefined ? undefined : asRow(record);
}

/** A minute row from its columns, whether they come from the stream or from the table. */
export function asRow(columns: Record<string, unknown>): MinuteRow | undefined {
  const name = parseName(columns.Name);
  const time = parseTime(columns.StatusTime);
  const [distance, minMagic, maxMagic, minHealth, maxHealth] = [
    "Distance",
    "MinMagicPoints",
    "MaxMagicPoints",
    "MinHealthPoints",
    "MaxHealthPoints",
  ].map((column) => whole(columns[column]));
  if (
    name === undefined ||
    time === undefined ||
    distance === undefined ||
    minMagic === undefined ||
    maxMagic === undefined ||
    minHealth === undefined ||
    maxHealth === undefined
  ) {
    return undefined;
  }
  return { name, time, distance, minMagic, maxMagic, minHealth, maxHealth };
}

/** A record of the errors stream; undefined if it is none. */
export function parseRejected(data: Uint8Array): Rejected | undefined {
  const record = parseObject(data);
  if (record === undefined || typeof record.ERROR_NAME !== "string") {
    return undefined;
  }
  return {
    kind: record.ERROR_NAME,
    message: asText(record.MESSAGE),
    row: asText(record.DATA_ROW),
    time: asText(record.ERROR_TIME),
  };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function parseObject(data: Uint8Array): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(UTF8.decode(data));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function parseName(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= LONGEST_NAME ? value : undefined;
}

function between(value: unknown, least: number, most: number): number | undefined {
  return typeof value === "number" && value >= least && value <= most ? value : undefined;
}

function whole(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}
