import { clock, clockSeconds } from "../format.ts";

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 320; // units of the drawing, which the stylesheet scales
const HEIGHT = 74;
const LEFT = 40;
const RIGHT = 6;
const TOP = 6;
const BOTTOM = 14;
const MINUTE = 60_000;
const ROWS = 30;

/** One row: a value, or a range from `least` to `most`. */
export interface Sample {
  time: number;
  least: number;
  most: number;
}

/** A small chart of the last 30 minutes, or as many windows of another length: a line where least and most are the same, else the band between them. */
export class Chart {
  readonly #svg: SVGSVGElement;
  readonly #band = path("band");
  readonly #upper = path("line");
  readonly #lower = path("line");
  readonly #limit = shape("line", "limit");
  readonly #dots = shape("g", "dots");
  readonly #labels: SVGTextElement[];
  readonly #window: number;
  readonly #threshold: number | undefined;
  #drawn = "";

  /**
   * window: from one row's end to the next one's, milliseconds.
   * threshold: a value that is marked if it is within the chart.
   */
  constructor(svg: SVGSVGElement, window = MINUTE, threshold?: number) {
    this.#svg = svg;
    this.#window = window;
    this.#threshold = threshold;
    svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
    const frame = shape("rect", "frame");
    set(frame, { x: LEFT, y: TOP, width: WIDTH - LEFT - RIGHT, height: HEIGHT - TOP - BOTTOM });
    this.#labels = [
      label(LEFT - 4, TOP + 8, "end"),
      label(LEFT - 4, HEIGHT - BOTTOM, "end"),
      label(LEFT, HEIGHT - 2, "start"),
      label(WIDTH - RIGHT, HEIGHT - 2, "end"),
    ];
    svg.append(frame, this.#limit, this.#band, this.#lower, this.#upper, this.#dots, ...this.#labels);
  }

  /** samples: by time. newest: the time at the right edge. what: for those who cannot see it. */
  draw(samples: readonly Sample[], newest: number, what: string): void {
    const within = samples.filter(({ time }) => time > newest - ROWS * this.#window && time <= newest);
    const key = JSON.stringify([within, newest, what]);
    if (key === this.#drawn) {
      return;
    }
    this.#drawn = key;
    const least = Math.min(...within.map((sample) => sample.least));
    const most = Math.max(...within.map((sample) => sample.most));
    const last = within.at(-1);
    if (last === undefined) {
      this.#clear(`${what}: no minute yet`);
      return;
    }
    const margin = Math.max(1, (most - least) * 0.12);
    const [low, high] = [least - margin, most + margin];
    const x = (time: number): number => {
      const share = 1 - (newest - time) / ((ROWS - 1) * this.#window);
      return LEFT + 3 + (WIDTH - LEFT - RIGHT - 6) * share;
    };
    const y = (value: number): number => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low));
    const pieces = unbroken(within, this.#window);
    this.#upper.setAttribute("d", pieces.map((piece) => line(piece, x, (sample) => y(sample.most))).join(""));
    const isBand = within.some((sample) => sample.least !== sample.most);
    this.#lower.setAttribute(
      "d",
      isBand ? pieces.map((piece) => line(piece, x, (sample) => y(sample.least))).join("") : "",
    );
    this.#band.setAttribute("d", isBand ? pieces.map((piece) => area(piece, x, y)).join("") : "");
    // A minute that stands alone makes no line.
    const alone = pieces.filter((piece) => piece.length === 1).map(([sample]) => sample as Sample);
    this.#dots.replaceChildren(...[...alone, last].map((sample) => dot(x(sample.time), y(sample.most))));
    const limit = this.#threshold;
    const hasLimit = limit !== undefined && limit > low && limit < high;
    this.#limit.setAttribute("visibility", hasLimit ? "visible" : "hidden");
    if (hasLimit) {
      set(this.#limit, { x1: LEFT, x2: WIDTH - RIGHT, y1: y(limit), y2: y(limit) });
    }
    const told = (time: number): string => (this.#window < MINUTE ? clockSeconds(time, newest) : clock(time));
    const texts = [brief(most), brief(least), told(newest - (ROWS - 1) * this.#window), told(newest)];
    for (const [index, text] of texts.entries()) {
      const where = this.#labels[index];
      if (where !== undefined) {
        where.textContent = text;
      }
    }
    const now = last.least === last.most ? `${last.most}` : `${last.least} to ${last.most}`;
    this.#svg.setAttribute("aria-label", `${what}: ${within.length} minutes from ${least} to ${most}, the last ${now}`);
  }

  #clear(what: string): void {
    for (const one of [this.#upper, this.#lower, this.#band]) {
      one.setAttribute("d", "");
    }
    this.#limit.setAttribute("visibility", "hidden");
    this.#dots.replaceChildren();
    for (const one of this.#labels) {
      one.textContent = "";
    }
    this.#svg.setAttribute("aria-label", what);
  }
}

/** Rows that follow one another: a silent unicorn's line has a gap. */
export function unbroken(samples: readonly Sample[], window: number): Sample[][] {
  const pieces: Sample[][] = [];
  for (const sample of samples) {
    const piece = pieces.at(-1);
    if (piece !== undefined && sample.time - (piece.at(-1)?.time ?? 0) <= window) {
      piece.push(sample);
    } else {
      pieces.push([sample]);
    }
  }
  return pieces;
}

function line(piece: readonly Sample[], x: (time: number) => number, y: (sample: Sample) => number): string {
  return piece.length < 2
    ? ""
    : `M${piece.map((sample) => `${x(sample.time).toFixed(1)} ${y(sample).toFixed(1)}`).join("L")}`;
}

function area(piece: readonly Sample[], x: (time: number) => number, y: (value: number) => number): string {
  const there = piece.map((sample) => `${x(sample.time).toFixed(1)} ${y(sample.most).toFixed(1)}`);
  const back = piece.toReversed().map((sample) => `${x(sample.time).toFixed(1)} ${y(sample.least).toFixed(1)}`);
  return piece.length < 2 ? "" : `M${[...there, ...back].join("L")}Z`;
}

/** At most five characters. */
function brief(value: number): string {
  return value >= 100_000 ? `${Math.round(value / 1000)}k` : `${Math.round(value)}`;
}

function shape<K extends keyof SVGElementTagNameMap>(tag: K, className: string): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, tag);
  made.setAttribute("class", className);
  return made;
}

const path = (className: string): SVGPathElement => shape("path", className);

function dot(x: number, y: number): SVGCircleElement {
  const made = shape("circle", "dot");
  set(made, { cx: x, cy: y, r: 3 });
  return made;
}

function label(x: number, y: number, anchor: string): SVGTextElement {
  const made = shape("text", "label");
  set(made, { x, y });
  made.setAttribute("text-anchor", anchor);
  return made;
}

function set(where: SVGElement, values: Record<string, number>): void {
  for (const [name, value] of Object.entries(values)) {
    where.setAttribute(name, `${Math.round(value * 10) / 10}`);
  }
}
