import { byId, show } from "../dom.ts";
import { metres, minute, range, short } from "../format.ts";
import { KEPT, type Minutes } from "../minutes.ts";
import { LOW } from "../palette.ts";
import type { MinuteRow } from "../records.ts";
import { Chart, type Sample } from "./charts.ts";

const svg = (id: string): SVGSVGElement => byId(id) as unknown as SVGSVGElement;

/** The last rows of the chosen unicorn, or of all together, as three small charts. */
export class Detail {
  readonly #minutes: Minutes;
  readonly #distance: Chart;
  readonly #health: Chart;
  readonly #magic: Chart;
  #shown = "";
  chosen: string | undefined;

  /** window: from one row's end to the next one's, milliseconds. */
  constructor(minutes: Minutes, window?: number) {
    this.#minutes = minutes;
    this.#distance = new Chart(svg("chart-distance"), window);
    this.#health = new Chart(svg("chart-health"), window, LOW);
    this.#magic = new Chart(svg("chart-magic"), window, LOW);
  }

  update(): void {
    const key = `${this.#minutes.version} ${this.chosen ?? ""}`;
    if (key === this.#shown) {
      return;
    }
    this.#shown = key;
    const rows = this.chosen === undefined ? together(this.#minutes) : this.#minutes.of(this.chosen);
    const newest = this.#minutes.listed[0]?.time ?? 0;
    const last = rows.at(-1);
    show(byId("detail-name"), this.chosen === undefined ? "All unicorns" : short(this.chosen));
    byId("detail-name").title = this.chosen ?? "";
    byId("detail-clear").hidden = this.chosen === undefined;
    show(byId("detail-when"), last === undefined ? "no minute yet" : `minute to ${minute(last.time)}`);
    show(byId("detail-distance"), last === undefined ? "–" : metres(last.distance));
    show(byId("detail-health"), last === undefined ? "–" : range(last.minHealth, last.maxHealth));
    show(byId("detail-magic"), last === undefined ? "–" : range(last.minMagic, last.maxMagic));
    byId("detail-health").classList.toggle("low", last !== undefined && last.minHealth < LOW);
    byId("detail-magic").classList.toggle("low", last !== undefined && last.minMagic < LOW);
    const of = (least: keyof MinuteRow, most: keyof MinuteRow): Sample[] =>
      rows.map((row) => ({ time: row.time, least: Number(row[least]), most: Number(row[most]) }));
    this.#distance.draw(of("distance", "distance"), newest, "Distance per minute in metres");
    this.#health.draw(of("minHealth", "maxHealth"), newest, "Health points");
    this.#magic.draw(of("minMagic", "maxMagic"), newest, "Magic points");
  }
}

/** All unicorns as one: the sum of their distances, the lowest and the highest of their vitals. */
export function together(minutes: Minutes): MinuteRow[] {
  const sums = new Map<number, MinuteRow>();
  for (const row of minutes.all()) {
    const sum = sums.get(row.time);
    if (sum === undefined) {
      sums.set(row.time, { ...row, name: "" });
    } else {
      sum.distance += row.distance;
      sum.minHealth = Math.min(sum.minHealth, row.minHealth);
      sum.maxHealth = Math.max(sum.maxHealth, row.maxHealth);
      sum.minMagic = Math.min(sum.minMagic, row.minMagic);
      sum.maxMagic = Math.max(sum.maxMagic, row.maxMagic);
    }
  }
  return [...sums.values()].sort((one, other) => one.time - other.time).slice(-KEPT);
}
