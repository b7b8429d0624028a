import type * as L from "leaflet";
import { type Fleet, LEAVES, type Point, presence, type Unicorn } from "../fleet.ts";
import { short } from "../format.ts";
import { colourOf, hueOf, LOW, type Palette } from "../palette.ts";
import { Tracks } from "./tracks.ts";
import { type Frame, View } from "./view.ts";

const EDGE = 44; // pixels beyond the map's edge where markers are drawn as well
const DIRECTIONS = 48;
const CROWD = 200; // unicorns
const MOST_LABELS = 40;
const REACH = 16; // pixels between a click and the marker it means

/** Every unicorn with its track, on canvases that lie on the map and move with it. */
export class Sky {
  readonly #fleet: Fleet;
  readonly #canvas = document.createElement("canvas");
  readonly #view: View;
  readonly #tracks: Tracks;
  readonly #sprites = new Map<number, HTMLCanvasElement>();
  readonly #widths = new Map<string, number>();
  #palette: Palette;
  #isZooming = false;
  /** The name of the unicorn that was chosen. */
  chosen: string | undefined;

  constructor(map: L.Map, fleet: Fleet, colours: Palette) {
    this.#fleet = fleet;
    this.#palette = colours;
    this.#view = new View(map, 0);
    this.#tracks = new Tracks(map, fleet, colours);
    this.#canvas.className = "sky leaflet-zoom-animated";
    this.#canvas.dataset.layer = "markers";
    map.getPanes().overlayPane.append(...this.#tracks.canvases, this.#canvas);
    map.on("zoomanim", (event) => {
      this.#isZooming = true;
      this.#view.transform(this.#canvas, event.center, event.zoom);
      this.#tracks.transform(event.center, event.zoom);
    });
    map.on("zoomend viewreset moveend resize", () => {
      this.#isZooming = false;
      this.#tracks.transform(map.getCenter(), map.getZoom());
      this.#tracks.repaint();
    });
  }

  /** Light and dark have other colours. */
  recolour(colours: Palette): void {
    this.#palette = colours;
    this.#sprites.clear();
    this.#tracks.recolour(colours);
  }

  /** Unicorns are gone: so are their tracks. */
  forget(names: readonly string[]): void {
    for (const name of names) {
      this.#widths.delete(name);
    }
    if (names.length > 0) {
      this.#tracks.invalidate();
    }
  }

  /** Draws the frame of this instant. Where the chosen unicorn is, in pixels of the map's container. */
  draw(now: number): Point | undefined {
    if (this.#isZooming) {
      return undefined;
    }
    this.#tracks.draw(now);
    const frame = this.#view.fit(this.#canvas);
    if (frame === undefined) {
      return undefined;
    }
    const { context, width, height } = frame;
    context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const seen: { unicorn: Unicorn; at: Point }[] = [];
    let chosen: { unicorn: Unicorn; at: Point } | undefined;
    for (const unicorn of this.#fleet.unicorns.values()) {
      const at = frame.place(unicorn.position);
      if (unicorn.name === this.chosen) {
        chosen = { unicorn, at };
      } else if (at.x > -EDGE && at.y > -EDGE && at.x < width + EDGE && at.y < height + EDGE) {
        seen.push({ unicorn, at });
      }
    }
    if (chosen !== undefined) {
      this.#tracks.drawLive(context, frame, chosen.unicorn);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    for (const { unicorn, at } of seen) {
      this.#mark(frame, unicorn, at, now, false);
    }
    if (chosen !== undefined) {
      this.#mark(frame, chosen.unicorn, chosen.at, now, true);
      seen.unshift(chosen);
    }
    context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
    context.globalAlpha = 1;
    if (seen.length <= MOST_LABELS) {
      this.#label(frame, seen, now);
    }
    return chosen?.at;
  }

  /** The unicorn nearest to a point of the container, within reach. */
  at(point: Point): string | undefined {
    const frame = this.#view.frame;
    let nearest: string | undefined;
    let best = REACH * REACH;
    if (frame !== undefined) {
      for (const unicorn of this.#fleet.unicorns.values()) {
        const at = frame.place(unicorn.position);
        const distance = (at.x - point.x) ** 2 + (at.y - point.y) ** 2;
        if (distance < best) {
          best = distance;
          nearest = unicorn.name;
        }
      }
    }
    return nearest;
  }

  #mark(frame: Frame, unicorn: Unicorn, at: Point, now: number, isChosen: boolean): void {
    const { context, ratio } = frame;
    const isLow = unicorn.reading.health < LOW || unicorn.reading.magic < LOW;
    context.globalAlpha = presence(now - unicorn.heard);
    const sprite = this.#sprite(hueOf(unicorn.name), unicorn.heading, isChosen, ratio);
    const isCrowded = this.#fleet.unicorns.size > CROWD;
    stamp(frame, sprite, at, isCrowded);
    if (isLow) {
      stamp(frame, this.#badge(ratio), at, isCrowded);
    }
  }

  /** A round body with a horn in the direction of flight, drawn once for each of 48 directions: turning costs time. */
  #sprite(hue: number, heading: number, isChosen: boolean, ratio: number): HTMLCanvasElement {
    const turn = (Math.round((heading / (2 * Math.PI)) * DIRECTIONS) + DIRECTIONS) % DIRECTIONS;
    const key = ((hue * DIRECTIONS + turn) * 2 + Number(isChosen)) * 4 + ratio;
    return this.#made(key, isChosen ? 44 : 30, ratio, (context) => {
      const { isDark, halo, text } = this.#palette;
      const body = isChosen ? 8 : 5.5;
      context.rotate((turn / DIRECTIONS) * 2 * Math.PI);
      if (isChosen) {
        context.beginPath();
        context.arc(0, 0, body + 6, 0, 2 * Math.PI);
        context.fillStyle = colourOf(hue, isDark, 0.25);
        context.fill();
      }
      context.beginPath();
      context.moveTo(-body * 0.55, -body * 0.7);
      context.lineTo(0, -body * 2.3);
      context.lineTo(body * 0.55, -body * 0.7);
      context.arc(0, 0, body, -0.3 * Math.PI, 1.3 * Math.PI);
      context.closePath();
      context.lineJoin = "round";
      context.lineWidth = 3;
      context.strokeStyle = isChosen ? text : halo;
      context.stroke();
      context.fillStyle = colourOf(hue, isDark);
      context.fill();
      context.beginPath();
      context.arc(0, 0, body * 0.35, 0, 2 * Math.PI);
      context.fillStyle = halo;
      context.fill();
    });
  }

  /** A ring and an exclamation mark: a vital is low. */
  #badge(ratio: number): HTMLCanvasElement {
    return this.#made(-ratio, 38, ratio, (context) => {
      const { alert, halo } = this.#palette;
      context.beginPath();
      context.arc(0, 0, 11, 0, 2 * Math.PI);
      context.lineWidth = 2;
      context.strokeStyle = alert;
      context.stroke();
      context.beginPath();
      context.arc(10, -10, 6.5, 0, 2 * Math.PI);
      context.fillStyle = alert;
      context.fill();
      context.lineWidth = 1;
      context.strokeStyle = halo;
      context.stroke();
      context.fillStyle = halo;
      context.font = "bold 10px system-ui, sans-serif";
      context.textAlign = "center";
      context.textBaseline = "middle";
      context.fillText("!", 10, -9.5);
    });
  }

  #made(
    key: number,
    size: number,
    ratio: number,
    paint: (context: CanvasRenderingContext2D) => void,
  ): HTMLCanvasElement {
    const held = this.#sprites.get(key);
    if (held !== undefined) {
      return held;
    }
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(size * ratio);
    canvas.height = canvas.width;
    const context = canvas.getContext("2d");
    if (context !== null) {
      context.setTransform(ratio, 0, 0, ratio, canvas.width / 2, canvas.height / 2);
      paint(context);
    }
    this.#sprites.set(key, canvas);
    return canvas;
  }

  /** Names beside their markers, where there is room. */
  #label(frame: Frame, seen: readonly { unicorn: Unicorn; at: Point }[], now: number): void {
    const { context } = frame;
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "middle";
    context.textAlign = "left";
    context.lineJoin = "round";
    const taken: { left: number; top: number; right: number }[] = [];
    for (const { unicorn, at } of seen) {
      const text = short(unicorn.name, 18);
      let width = this.#widths.get(unicorn.name);
      if (width === undefined) {
        width = context.measureText(text).width;
        this.#widths.set(unicorn.name, width);
      }
      const box = { left: at.x + 13, top: at.y - 8, right: at.x + 13 + width };
      const hits = taken.some(
        (other) => box.left < other.right && other.left < box.right && Math.abs(box.top - other.top) < 16,
      );
      if (hits || now - unicorn.heard > LEAVES) {
        continue;
      }
      taken.push(box);
      context.globalAlpha = presence(now - unicorn.heard);
      context.lineWidth = 3;
      context.strokeStyle = this.#palette.halo;
      context.strokeText(text, box.left, at.y);
      context.fillStyle = this.#palette.text;
      context.fillText(text, box.left, at.y);
    }
    context.globalAlpha = 1;
  }
}

/** Draws a sprite around a point. isWhole: on whole pixels, which is faster; among many that move it is not seen. */
function stamp(frame: Frame, sprite: HTMLCanvasElement, at: Point, isWhole: boolean): void {
  const x = at.x * frame.ratio - sprite.width / 2;
  const y = at.y * frame.ratio - sprite.height / 2;
  frame.context.drawImage(sprite, isWhole ? Math.round(x) : x, isWhole ? Math.round(y) : y);
}
