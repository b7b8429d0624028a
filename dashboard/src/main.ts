import "./trusted.ts";
import "leaflet/dist/leaflet.css";
import "./style.css";
import { Aws } from "./aws.ts";
import { ServiceClock } from "./clock.ts";
import { type Config, ConfigError, fetchConfig } from "./config.ts";
import { byId, show } from "./dom.ts";
import { Fleet } from "./fleet.ts";
import { clockSeconds, lag, tenth, whole } from "./format.ts";
import { History } from "./history.ts";
import type { KinesisRecord } from "./kinesis.ts";
import { LiveMap } from "./map/map.ts";
import { KEPT, Minutes } from "./minutes.ts";
import { palette } from "./palette.ts";
import { Detail } from "./panels/detail.ts";
import { FleetList } from "./panels/fleet-list.ts";
import { MinuteTable } from "./panels/minute-table.ts";
import { Rejects } from "./panels/rejects.ts";
import { judge, StreamsList, worst } from "./panels/streams-list.ts";
import { Tabs } from "./panels/tabs.ts";
import { Colours } from "./panels/theme.ts";
import { parts } from "./parts.ts";
import { Rate } from "./rate.ts";
import { parseReading, parseRejected, parseRow } from "./records.ts";
import { StreamReader } from "./stream.ts";

const LOOK_BACK = 30_000; // milliseconds of readings that are read at first: who was silent for longer is not in the air
const OVERLAP = 120_000; // milliseconds of minute rows that come from both table and stream
const PATIENCE = 60_000; // milliseconds behind at which the map skips to now
const TICK = 500; // milliseconds between two looks at the numbers

/** The page: what comes from the streams goes to the map and the panels. */
class Page {
  readonly #fleet = new Fleet();
  readonly #minutes = new Minutes();
  readonly #clock = new ServiceClock();
  readonly #rate = new Rate();
  readonly #rejects = new Rejects();
  readonly #history: History;
  readonly #map: LiveMap;
  readonly #list: FleetList;
  readonly #table: MinuteTable;
  readonly #detail: Detail;
  readonly #tabs: Tabs;
  readonly #streams: StreamsList;
  readonly #readers: { role: string; reader: StreamReader }[];
  readonly #opened = Date.now();
  #chosen: string | undefined;
  #unreadable = 0;

  constructor(config: Config) {
    const aws = new Aws(config, () => fetchConfig(document.baseURI));
    const { readings, summary, errors } = config.streams;
    this.#history = new History(
      (name) => aws.rows(name, KEPT),
      (rows) => this.#minutes.accept(rows),
    );
    const onReadings = (records: KinesisRecord[], behind: number): void => this.#takeReadings(records, behind);
    const onRows = (records: KinesisRecord[]): void => {
      this.#minutes.accept(this.#parsed(records, parseRow));
    };
    const onErrors = (records: KinesisRecord[]): void => {
      const fresh = records.filter((record) => this.#isNew(record));
      this.#rejects.accept(this.#parsed(fresh, parseRejected));
    };
    const opened = (): number => this.#clock.now(this.#opened);
    const lately = (): number => this.#clock.now() - LOOK_BACK;
    this.#readers = [
      { role: "readings", reader: new StreamReader(readings, aws, { since: lately, patience: PATIENCE }, onReadings) },
      { role: "summary", reader: new StreamReader(summary, aws, { since: () => opened() - OVERLAP }, onRows) },
      { role: "errors", reader: new StreamReader(errors, aws, { since: opened }, onErrors) },
    ];
    const choose = (name: string | undefined): void => this.#choose(name);
    this.#map = new LiveMap(config, this.#fleet, choose);
    this.#list = new FleetList(this.#fleet, choose);
    this.#table = new MinuteTable(this.#minutes, choose);
    this.#detail = new Detail(this.#minutes, config.window);
    this.#tabs = new Tabs(() => this.#tick());
    this.#streams = new StreamsList(this.#readers);
    new Colours(() => this.#recolour());
    byId("detail-clear").addEventListener("click", () => this.#choose(undefined));
    byId("popup-charts").addEventListener("click", () => this.#tabs.open("detail"));
    document.addEventListener("keydown", (event) => this.#press(event));
  }

  /** Shows the city, and begins to read. */
  start(): void {
    this.#map.base.load(document.baseURI).catch(() => show(byId("credit"), "The outlines could not be loaded."));
    for (const { reader } of this.#readers) {
      void reader.run();
    }
    const frame = (now: number): void => {
      this.#glide(now);
      this.#map.draw(now);
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    setInterval(() => this.#tick(), TICK);
    this.#tick();
    const hurry = (): void => {
      for (const { reader } of this.#readers) {
        reader.hurry();
      }
    };
    addEventListener("online", hurry);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) {
        hurry();
      }
    });
  }

  #takeReadings(records: KinesisRecord[], behind: number): void {
    const now = performance.now();
    const last = records.at(-1);
    if (last !== undefined) {
      this.#clock.learn(last.arrival, behind);
    }
    const service = this.#clock.now();
    const heard = apart(records).flatMap((record) => {
      this.#rate.count(record.arrival);
      const reading = parseReading(record.data);
      if (reading === undefined) {
        this.#unreadable += this.#isNew(record) ? 1 : 0;
        return [];
      }
      return [{ reading, heard: now - Math.max(0, service - record.arrival) }];
    });
    this.#fleet.accept(heard, now);
    for (const { reading } of heard) {
      this.#history.want(reading.name);
    }
  }

  #parsed<T>(records: readonly KinesisRecord[], parse: (data: Uint8Array) => T | undefined): T[] {
    return apart(records).flatMap((record) => {
      const parsed = parse(record.data);
      this.#unreadable += parsed === undefined ? 1 : 0;
      return parsed === undefined ? [] : [parsed];
    });
  }

  /** Whether a record came since the page was opened: what is counted is. */
  #isNew(record: KinesisRecord): boolean {
    return record.arrival >= this.#clock.now(this.#opened);
  }

  #glide(now: number): void {
    const gone = this.#fleet.glide(now);
    this.#map.forget(gone);
    if (this.#chosen !== undefined && gone.includes(this.#chosen)) {
      this.#choose(undefined);
    }
  }

  /** Brings the numbers up to date. */
  #tick(): void {
    const now = performance.now();
    const wall = Date.now();
    if (document.hidden) {
      this.#glide(now); // no frames are drawn then
    }
    show(byId("figure-unicorns"), whole(this.#fleet.unicorns.size));
    show(byId("figure-rate"), tenth(this.#rate.perSecond(this.#clock.now())));
    const { newest } = this.#fleet;
    const service = this.#clock.now();
    show(byId("figure-time"), newest === 0 ? "–" : clockSeconds(newest, service));
    show(byId("figure-lag"), newest === 0 ? "–" : lag(service - newest));
    show(byId("figure-unreadable"), whole(this.#unreadable));
    const verdict = worst(this.#readers.map(({ reader }) => judge(reader.state, wall)));
    const status = byId("status");
    status.dataset.level = verdict.level;
    show(status, verdict.text);
    this.#list.update(now);
    this.#map.popup.show(this.#chosen === undefined ? undefined : this.#fleet.unicorns.get(this.#chosen), now);
    if (this.#tabs.isShown("detail")) {
      this.#detail.update();
    }
    this.#table.update();
    this.#rejects.update(this.#tabs.isShown("errors"));
    if (this.#tabs.isShown("streams")) {
      this.#streams.update(wall);
    }
  }

  #choose(name: string | undefined): void {
    this.#chosen = name;
    this.#list.chosen = name;
    this.#detail.chosen = name;
    this.#map.choose(name);
    if (name !== undefined) {
      this.#history.want(name, true);
    }
    this.#list.reveal();
    this.#tick();
  }

  #recolour(): void {
    const colours = palette();
    this.#map.recolour(colours);
    this.#list.recolour(colours.isDark);
  }

  #press(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "Escape" && this.#chosen !== undefined) {
      this.#choose(undefined);
    } else if (event.key === "/" && !isTyping) {
      event.preventDefault();
      this.#tabs.open("fleet");
      byId("search").focus();
    }
  }
}

/** Each part of these records, as a record of its own. */
function apart(records: readonly KinesisRecord[]): KinesisRecord[] {
  return records.flatMap((record) => parts(record.data).map((data) => ({ ...record, data })));
}

try {
  new Page(await fetchConfig(document.baseURI)).start();
} catch (error) {
  const known = error instanceof ConfigError;
  const alert = byId("alert");
  alert.textContent = known ? error.message : "The page could not start: reload it; the browser's console says why.";
  alert.hidden = false;
  if (!known) {
    throw error;
  }
}
