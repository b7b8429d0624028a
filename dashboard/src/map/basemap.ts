import type { FeatureCollection, MultiPolygon } from "geojson";
import * as L from "leaflet";
import type { Config } from "../config.ts";
import type { Palette } from "../palette.ts";

/** Where the name of each borough stands. */
const NAMES: Record<string, [number, number]> = {
  Manhattan: [40.789, -73.961],
  Brooklyn: [40.645, -73.952],
  Queens: [40.712, -73.806],
  "The Bronx": [40.856, -73.868],
  "Staten Island": [40.579, -74.151],
};
/** The city, south-west to north-east. */
export const CITY = L.latLngBounds([40.495, -74.26], [40.918, -73.7]);
const SOURCE = "Boroughs: NYC Department of City Planning";

/** What lies below the unicorns: the outlines that come with the page, or online tiles if the settings name some. */
export class BaseMap {
  readonly #map: L.Map;
  readonly #hasTiles: boolean;
  readonly attribution: string;
  #colours: Palette;
  #outlines: L.GeoJSON | undefined;

  constructor(map: L.Map, config: Config, colours: Palette) {
    this.#map = map;
    this.#colours = colours;
    this.#hasTiles = config.tiles !== undefined;
    this.attribution = config.tiles?.attribution ?? SOURCE;
    if (config.tiles !== undefined) {
      // The page sends no referrer, but tile servers want to know who asks.
      L.tileLayer(config.tiles.url, { maxZoom: 19, referrerPolicy: "origin" }).addTo(map);
      return;
    }
    for (const [name, place] of Object.entries(NAMES)) {
      const label = document.createElement("span");
      label.textContent = name;
      const icon = L.divIcon({ className: "borough", html: label, iconSize: [120, 20] });
      L.marker(place, { icon, interactive: false, keyboard: false, pane: "tilePane" }).addTo(map);
    }
  }

  /** Fetches the outlines, unless there are tiles. Throws what fetch throws. base: the page's address. */
  async load(base: string): Promise<void> {
    if (this.#hasTiles) {
      return;
    }
    const answer = await fetch(new URL("boroughs.json", base));
    if (!answer.ok) {
      throw new Error(`boroughs.json: status ${answer.status}`);
    }
    const boroughs = (await answer.json()) as FeatureCollection<MultiPolygon>;
    this.#outlines = L.geoJSON(boroughs, {
      interactive: false,
      pane: "tilePane",
      ...{ renderer: L.canvas({ pane: "tilePane", padding: 0.5 }) },
    }).addTo(this.#map);
    this.recolour(this.#colours);
  }

  /** Light and dark have other colours. */
  recolour(colours: Palette): void {
    this.#colours = colours; // of outlines that are still on their way, too
    this.#outlines?.setStyle({ fillColor: colours.land, fillOpacity: 1, color: colours.shore, weight: 1 });
  }
}
