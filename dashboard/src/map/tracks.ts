import type * as L from "leaflet";
import { type Fleet, LONGEST_TRACK, type Point, type Unicorn } from "../fleet.ts";
import { colourOf, hueOf, type Palette } from "../palette.ts";
import { type Frame, View } from "./view.ts";

const MARGIN = 0.25;
const SLICE = 4; // milliseconds of a frame that painting all tracks again may take
const MOST_POINTS = 150_000; // of all tracks together; each gets an equal part of that, the newest
const PAUSE = 1000; // milliseconds between two paintings, unless the map has moved
const TRIM = 10_000; // milliseconds after which tracks that are shown in part are cut back

interface Layer {
  canvas: HTMLCanvasElement;
  view: View;
  frame: Frame | undefined;
  /** How much of each unicorn's track is on it: up to which length, of which thinning. */
  drawn: Map<Unicorn, { length: number; thinned: number }>;
}

/**
 * The tracks. Each new piece is added to what is there; when the map has moved, all of them are painted again on a
 * second canvas, in slices of a few milliseconds, which then takes the place of the first.
 */
export class Tracks {
  readonly #fleet: Fleet;
  #front: Layer;
  #back: Layer;
  #palette: Palette;
  #job: Iterator<unknown> | undefined;
  #isStale = false;
  #painted = 0;

  constructor(map: L.Map, fleet: Fleet, colours: Palette) {
    this.#fleet = fleet;
    this.#palette = colours;
    this.#front = layer(map);
    this.#back = layer(map);
    this.repaint();
  }

  get canvases(): HTMLCanvasElement[] {
    return [this.#front.canvas, this.#back.canvas];
  }

  recolour(colours: Palette): void {
    this.#palette = colours;
    this.repaint();
  }

  /** Something on it is out of date: it will be painted again, soon. */
  invalidate(): void {
    this.#isStale = true;
  }

  /** Paints all of it again, beginning now. */
  repaint(): void {
    this.#job = this.#paint();
  }

  /** Scales what is painted to where the map will be. */
  transform(centre: L.LatLng, zoom: number): void {
    this.#front.view.transform(this.#front.canvas, centre, zoom);
    this.#job = undefined;
  }

  /** Adds what has been flown since the last frame, and goes on with painting. */
  draw(now: number): void {
    const isPartial = this.#fleet.unicorns.size * LONGEST_TRACK > MOST_POINTS;
    if (this.#job === undefined) {
      const since = now - this.#painted;
      if ((this.#isStale && since > PAUSE) || (isPartial && since > TRIM)) {
        this.repaint();
      }
    }
    this.#extend(this.#front);
    if (this.#job !== undefined) {
      const end = performance.now() + SLICE;
      while (this.#job !== undefined && performance.now() < end) {
        if (this.#job.next().done === true) {
          this.#job = undefined;
          this.#extend(this.#back);
          [this.#front, this.#back] = [this.#back, this.#front];
          this.#front.canvas.style.visibility = "visible";
          this.#back.canvas.style.visibility = "hidden";
          this.#painted = now;
        }
      }
    }
  }

  /** A whole track, up to the marker, on a canvas that is drawn anew with each frame. */
  drawLive(context: CanvasRenderingContext2D, frame: Frame, unicorn: Unicorn): void {
    const { halo, isDark } = this.#palette;
    path(context, frame, unicorn.track, 0);
    const at = frame.place(unicorn.position);
    context.lineTo(at.x, at.y);
    context.lineJoin = "round";
    context.lineWidth = 6;
    context.strokeStyle = halo;
    context.stroke();
    context.lineWidth = 3;
    context.strokeStyle = colourOf(hueOf(unicorn.name), isDark);
    context.stroke();
    const [start] = unicorn.track;
    if (start !== undefined) {
      const from = frame.place(start);
      context.beginPath();
      context.arc(from.x, from.y, 4, 0, 2 * Math.PI);
      context.fillStyle = halo;
      context.fill();
      context.stroke();
    }
  }

  *#paint(): Generator<void, void> {
    const layer = this.#back;
    this.#isStale = false;
    layer.drawn = new Map();
    layer.frame = layer.view.fit(layer.canvas);
    const frame = layer.frame;
    if (frame === undefined) {
      return;
    }
    frame.context.setTransform(frame.ratio, 0, 0, frame.ratio, 0, 0);
    frame.context.clearRect(0, 0, frame.width, frame.height);
    const most = Math.floor(MOST_POINTS / (this.#fleet.unicorns.size + 1));
    for (const unicorn of this.#fleet.unicorns.values()) {
      this.#stroke(frame, unicorn, Math.max(0, unicorn.track.length - most));
      layer.drawn.set(unicorn, { length: unicorn.track.length, thinned: unicorn.thinned });
      yield;
    }
  }

  /** Adds to each track on a layer what it lacks. */
  #extend(layer: Layer): void {
    const frame = layer.frame;
    if (frame === undefined) {
      return;
    }
    for (const unicorn of this.#fleet.unicorns.values()) {
      const { length } = unicorn.track;
      const drawn = layer.drawn.get(unicorn);
      if (drawn === undefined) {
        this.#stroke(frame, unicorn, 0);
        layer.drawn.set(unicorn, { length, thinned: unicorn.thinned });
      } else if (drawn.thinned !== unicorn.thinned) {
        // Half of its older points are gone: what is drawn is finer, the end is what matters.
        drawn.thinned = unicorn.thinned;
        drawn.length = length;
        this.#isStale = true;
      } else if (drawn.length < length) {
        this.#stroke(frame, unicorn, Math.max(0, drawn.length - 1));
        drawn.length = length;
      }
    }
  }

  #stroke(frame: Frame, unicorn: Unicorn, from: number): void {
    const { context } = frame;
    if (unicorn.track.length - from < 2) {
      return;
    }
    path(context, frame, unicorn.track, from);
    context.lineJoin = "round";
    context.lineWidth = 2;
    context.strokeStyle = colourOf(hueOf(unicorn.name), this.#palette.isDark, 0.55);
    context.stroke();
  }
}

function layer(map: L.Map): Layer {
  const canvas = document.createElement("canvas");
  canvas.className = "sky leaflet-zoom-animated";
  canvas.dataset.layer = "tracks";
  return { canvas, view: new View(map, MARGIN), frame: undefined, drawn: new Map() };
}

function path(context: CanvasRenderingContext2D, frame: Frame, points: readonly Point[], from: number): void {
  context.beginPath();
  for (let index = from; index < points.length; index += 1) {
    const point = points[index];
    if (point !== undefined) {
      const at = frame.place(point);
      context.lineTo(at.x, at.y);
    }
  }
}
