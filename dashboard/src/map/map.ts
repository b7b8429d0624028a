import * as L from "leaflet";
import type { Config } from "../config.ts";
import { byId } from "../dom.ts";
import type { Fleet } from "../fleet.ts";
import { type Palette, palette } from "../palette.ts";
import { BaseMap, CITY } from "./basemap.ts";
import { Popup } from "./popup.ts";
import { Sky } from "./sky.ts";

const MARGIN = 60; // pixels from the edge at which a chosen unicorn is still well in sight
const DOCKED = matchMedia("(max-width: 720px)"); // the popup lies along the map's lower edge, by the stylesheet
const STEPS = [1, 2, 5]; // of a scale bar, times powers of ten
const WIDEST = 110; // pixels

/** The map: the city, the unicorns above it, and the popup of the one that was chosen. */
export class LiveMap {
  readonly popup: Popup;
  readonly base: BaseMap;
  readonly #map: L.Map;
  readonly #sky: Sky;
  readonly #fleet: Fleet;
  readonly #container: HTMLElement;

  /** choose: called with the name of a unicorn that was clicked, or undefined for the open sky. */
  constructor(config: Config, fleet: Fleet, choose: (name: string | undefined) => void) {
    this.#fleet = fleet;
    this.#container = byId("map");
    this.#map = L.map(this.#container, {
      attributionControl: false,
      zoomControl: false,
      zoomSnap: 0.25,
      zoomDelta: 1,
      minZoom: 8,
      maxZoom: 18,
      maxBounds: CITY.pad(1.5),
    });
    this.#container.setAttribute("aria-label", "Map of New York City: arrow keys move it, plus and minus zoom");
    this.#fit(false);
    const colours = palette();
    this.base = new BaseMap(this.#map, config, colours);
    byId("credit").textContent = this.base.attribution;
    this.#sky = new Sky(this.#map, fleet, colours);
    this.popup = new Popup(() => choose(undefined));
    this.#map.on("click", (event) => choose(this.#sky.at(event.containerPoint)));
    this.#map.on("mousemove", (event) => {
      this.#container.classList.toggle("over", this.#sky.at(event.containerPoint) !== undefined);
    });
    this.#map.on("zoomend moveend resize", () => this.#scale());
    byId("zoom-in").addEventListener("click", () => this.#map.zoomIn());
    byId("zoom-out").addEventListener("click", () => this.#map.zoomOut());
    byId("zoom-city").addEventListener("click", () => this.#fit(true));
    new ResizeObserver(() => this.#map.invalidateSize({ pan: false })).observe(this.#container);
    this.#scale();
  }

  /** Draws the frame of this instant. */
  draw(now: number): void {
    const at = this.#sky.draw(now);
    if (at !== undefined) {
      this.popup.place(at, this.#map.getSize());
    }
  }

  /** Shows this unicorn as the chosen one, and moves the map if it is out of sight; undefined for none. */
  choose(name: string | undefined): void {
    this.#sky.chosen = name;
    const unicorn = name === undefined ? undefined : this.#fleet.unicorns.get(name);
    if (unicorn === undefined) {
      return;
    }
    const { latitude, longitude } = unicorn.reading;
    const place = L.latLng(latitude, longitude);
    const at = this.#map.latLngToContainerPoint(place);
    const size = this.#map.getSize();
    const below = DOCKED.matches ? 130 : MARGIN;
    if (at.x < MARGIN || at.y < MARGIN || at.x > size.x - MARGIN || at.y > size.y - below) {
      this.#map.panTo(place);
    }
  }

  forget(names: readonly string[]): void {
    this.#sky.forget(names);
  }

  recolour(colours: Palette): void {
    this.base.recolour(colours);
    this.#sky.recolour(colours);
  }

  #fit(isAnimated: boolean): void {
    this.#map.fitBounds(CITY, { animate: isAnimated, padding: [8, 8] });
  }

  /** The scale bar: a round number of metres or kilometres. */
  #scale(): void {
    const middle = this.#map.getSize().divideBy(2);
    const left = this.#map.containerPointToLatLng(middle);
    const right = this.#map.containerPointToLatLng(middle.add([100, 0]));
    const metres = this.#map.distance(left, right) / 100; // in a pixel
    const power = 10 ** Math.floor(Math.log10(metres * WIDEST));
    const step = Math.max(...STEPS.filter((one) => one * power <= metres * WIDEST)) * power;
    const bar = byId("scale");
    bar.style.width = `${Math.round(step / metres)}px`;
    bar.textContent = step >= 1000 ? `${step / 1000} km` : `${step} m`;
  }
}
