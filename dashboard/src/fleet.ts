import type { Reading } from "./records.ts";

/** A point of the map: Web Mercator, the world as a square from 0 to 1, x to the east and y to the south. */
export interface Point {
  x: number;
  y: number;
}

/** Degrees as a point of the map (spherical Web Mercator, EPSG:3857, scaled to 1). */
export function project(latitude: number, longitude: number): Point {
  const sine = Math.sin((Math.max(-85.0511, Math.min(85.0511, latitude)) * Math.PI) / 180);
  return { x: longitude / 360 + 0.5, y: 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) };
}

/** Silent for so long, a unicorn leaves the map. Milliseconds. */
export const LEAVES = 30_000;
/** Silent for so long, it is shown as silent. */
export const SILENT = 10_000;
/** How long leaving takes. */
export const FADES = 2000;
/** Points of a track: when there are more, every other one of the older half goes. */
export const LONGEST_TRACK = 1200;
/** Silent for so long, a unicorn may come back with an older clock: another flight. */
const ANOTHER_FLIGHT = 5000;
const SHORTEST_GLIDE = 250;
const LONGEST_GLIDE = 3000;

/** One unicorn in the air. All times that are no event times are `performance.now()`. */
export class Unicorn {
  readonly name: string;
  reading: Reading;
  /** When it was last heard of. */
  heard: number;
  /** Where it has been, from its start point up to where the marker is. */
  readonly track: Point[] = [];
  /** Grows whenever the track loses points: what was drawn of it is out of date. */
  thinned = 0;
  /** Where the marker is, and its direction in radians, clockwise from north. */
  position: Point;
  heading = 0;
  #ahead: Point[] = []; // where the marker has yet to go
  #from: Point;
  #begun: number; // when the marker set out from there
  #lasts = 0; // how long it takes for all that is ahead, in milliseconds
  #told: number; // when readings came last

  constructor(reading: Reading, heard: number) {
    this.name = reading.name;
    this.reading = reading;
    this.heard = heard;
    this.position = project(reading.latitude, reading.longitude);
    this.#from = this.position;
    this.#begun = heard;
    this.#told = heard;
    this.track.push(this.position);
  }

  /** Takes over newer readings, the newest last; the marker glides along them for as long as the next ones will take. */
  fly(readings: readonly Reading[], heard: number, now: number): void {
    const newest = readings.at(-1);
    if (newest === undefined) {
      return;
    }
    const apart = now - this.#told;
    this.#told = now;
    this.reading = newest;
    this.heard = Math.max(this.heard, heard);
    this.#from = this.position;
    this.#ahead.push(...readings.map((reading) => project(reading.latitude, reading.longitude)));
    this.#begun = now;
    this.#lasts = Math.max(SHORTEST_GLIDE, Math.min(LONGEST_GLIDE, apart * 1.05));
  }

  /** Moves the marker to where it is at this time; the points that it has passed become its track. */
  glide(now: number): void {
    const points = this.#ahead;
    if (points.length === 0) {
      return;
    }
    // A frame's time may lie before that of readings which came while it was being prepared.
    const share = this.#lasts > 0 ? Math.max(0, Math.min(1, (now - this.#begun) / this.#lasts)) : 1;
    const along = share * points.length;
    const passed = Math.floor(along);
    if (passed > 0) {
      const reached = points.splice(0, passed);
      this.#pass(reached);
      this.#from = reached.at(-1) ?? this.#from;
      this.#begun += (this.#lasts * passed) / (passed + points.length);
      this.#lasts = (this.#lasts * points.length) / (passed + points.length);
    }
    const next = points[0];
    if (next === undefined) {
      this.position = this.#from;
      return;
    }
    const part = along - passed;
    this.position = {
      x: this.#from.x + (next.x - this.#from.x) * part,
      y: this.#from.y + (next.y - this.#from.y) * part,
    };
    if (next.x !== this.#from.x || next.y !== this.#from.y) {
      this.heading = Math.atan2(next.x - this.#from.x, this.#from.y - next.y);
    }
  }

  /** Begins another flight where this reading is: its clock has gone back. */
  restart(reading: Reading, heard: number): void {
    this.reading = reading;
    this.heard = heard;
    this.position = project(reading.latitude, reading.longitude);
    this.#from = this.position;
    this.#ahead = [];
    this.#begun = heard;
    this.track.length = 0;
    this.track.push(this.position);
    this.thinned += 1;
  }

  #pass(points: readonly Point[]): void {
    this.track.push(...points);
    if (this.track.length > LONGEST_TRACK) {
      const half = this.track.length >> 1;
      const kept = this.track.filter((_point, index) => index >= half || index % 2 === 0);
      this.track.splice(0, this.track.length, ...kept);
      this.thinned += 1;
    }
  }
}

/** Every unicorn that has been heard of lately. */
export class Fleet {
  readonly unicorns = new Map<string, Unicorn>();
  /** Grows whenever one comes or goes. */
  version = 0;
  /** The newest event time of all, milliseconds since 1970. */
  newest = 0;

  /** Takes over the readings of one answer. heard: when each of them was sent, as `performance.now()` goes. */
  accept(readings: readonly { reading: Reading; heard: number }[], now: number): void {
    const flights = new Map<string, { readings: Reading[]; heard: number }>();
    for (const { reading, heard } of readings) {
      this.newest = Math.max(this.newest, reading.time);
      const unicorn = this.unicorns.get(reading.name);
      if (unicorn === undefined) {
        if (now - heard < LEAVES) {
          this.unicorns.set(reading.name, new Unicorn(reading, heard));
          this.version += 1;
        }
        continue;
      }
      const flight = flights.get(reading.name) ?? { readings: [], heard };
      const last = flight.readings.at(-1) ?? unicorn.reading;
      if (reading.time > last.time) {
        flight.readings.push(reading);
        flight.heard = heard;
        flights.set(reading.name, flight);
      } else if (heard - unicorn.heard > ANOTHER_FLIGHT) {
        unicorn.restart(reading, heard);
        this.newest = reading.time;
      } // else it came after newer ones, and moves nothing
    }
    for (const [name, flight] of flights) {
      this.unicorns.get(name)?.fly(flight.readings, flight.heard, now);
    }
  }

  /** Moves every marker, and lets those go that have been silent for too long. Their names. */
  glide(now: number): string[] {
    const gone: string[] = [];
    for (const unicorn of this.unicorns.values()) {
      if (now - unicorn.heard > LEAVES + FADES) {
        this.unicorns.delete(unicorn.name);
        this.version += 1;
        gone.push(unicorn.name);
      } else {
        unicorn.glide(now);
      }
    }
    return gone;
  }
}

/** How much of a unicorn is to be seen, from 0 to 1, when it has been silent for so many milliseconds. */
export function presence(silent: number): number {
  if (silent <= SILENT) {
    return 1;
  }
  if (silent <= LEAVES) {
    return 1 - (0.6 * (silent - SILENT)) / (LEAVES - SILENT);
  }
  return Math.max(0, 0.4 * (1 - (silent - LEAVES) / FADES));
}
