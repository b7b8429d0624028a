import * as L from "leaflet";
import type { Point } from "../fleet.ts";

/** A canvas that fits the map as it lies now. */
export interface Frame {
  context: CanvasRenderingContext2D;
  /** In CSS pixels; each is `ratio` pixels of the canvas. */
  width: number;
  height: number;
  ratio: number;
  /** Pixels of the canvas's place for a point of the map. */
  place(point: Point): Point;
}

const TILE = 256; // pixels of the world at zoom 0, as Leaflet has it

/** Lays canvases on the map so that they move and zoom with it. */
export class View {
  readonly #map: L.Map;
  readonly #margin: number;
  #topLeft = L.point(0, 0); // of the canvas, in Leaflet's layer pixels
  #zoom = 0;
  #centre = L.latLng(0, 0);
  frame: Frame | undefined;

  /** margin: how far the canvas reaches beyond the map on each side, as a share of its size. */
  constructor(map: L.Map, margin: number) {
    this.#map = map;
    this.#margin = margin;
  }

  /** Puts the canvas over the map as it lies now; undefined if there is nothing to draw on. */
  fit(canvas: HTMLCanvasElement): Frame | undefined {
    const map = this.#map;
    const size = map.getSize();
    const margin = size.multiplyBy(this.#margin).round();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    const width = size.x + 2 * margin.x;
    const height = size.y + 2 * margin.y;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext("2d");
    if (context === null || width === 0 || height === 0) {
      return undefined;
    }
    this.#topLeft = map.containerPointToLayerPoint([0, 0]).subtract(margin).round();
    this.#zoom = map.getZoom();
    this.#centre = map.getCenter();
    L.DomUtil.setPosition(canvas, this.#topLeft);
    const scale = TILE * 2 ** this.#zoom;
    const origin = map.getPixelOrigin().add(this.#topLeft);
    this.frame = {
      context,
      width,
      height,
      ratio,
      place: (point) => ({ x: point.x * scale - origin.x, y: point.y * scale - origin.y }),
    };
    return this.frame;
  }

  /** Scales the canvas to where the map will be; Leaflet's stylesheet makes that a movement while it zooms. */
  transform(canvas: HTMLCanvasElement, centre: L.LatLng, zoom: number): void {
    const map = this.#map;
    const scale = map.getZoomScale(zoom, this.#zoom);
    const offset = map
      .getSize()
      .multiplyBy((0.5 + this.#margin) * -scale)
      .add(map.project(this.#centre, zoom))
      .subtract(map.project(centre, zoom).subtract(map.getSize().divideBy(2)))
      .add(map.containerPointToLayerPoint([0, 0]));
    L.DomUtil.setTransform(canvas, offset, scale);
  }
}
