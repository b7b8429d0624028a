import { byId, show } from "../dom.ts";
import type { Point, Unicorn } from "../fleet.ts";
import { ago, metresPerSecond, mph, short } from "../format.ts";
import { LOW } from "../palette.ts";

const GAP = 16; // pixels between marker and popup

/** What is known of the chosen unicorn, beside its marker. */
export class Popup {
  readonly #root = byId("popup");
  readonly #close = byId("popup-close");

  constructor(close: () => void) {
    this.#close.addEventListener("click", close);
  }

  /** Fills it with this unicorn; undefined hides it. now: `performance.now()`. */
  show(unicorn: Unicorn | undefined, now: number): void {
    if (unicorn === undefined) {
      this.#root.hidden = true;
      return;
    }
    const { reading } = unicorn;
    this.#root.hidden = false;
    show(byId("popup-name"), short(unicorn.name));
    byId("popup-name").title = unicorn.name;
    show(byId("popup-speed"), `${mph(reading.distance)} · ${metresPerSecond(reading.distance)}`);
    vital(byId("popup-health"), reading.health);
    vital(byId("popup-magic"), reading.magic);
    show(byId("popup-seen"), ago(now - unicorn.heard));
  }

  /** Puts it beside the marker, inside of the map. at: of the marker, in pixels of the map. */
  place(at: Point, size: Point): void {
    const { offsetWidth: width, offsetHeight: height } = this.#root;
    const isBelow = at.y - GAP - height < 8;
    const x = Math.max(8, Math.min(size.x - width - 8, at.x - width / 2));
    const y = Math.max(8, Math.min(size.y - height - 8, isBelow ? at.y + GAP : at.y - GAP - height));
    this.#root.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
  }
}

/** A vital, marked by word and colour if it is low. */
export function vital(where: HTMLElement, points: number): void {
  const isLow = points < LOW;
  where.classList.toggle("low", isLow);
  show(where, isLow ? `${points} low` : `${points}`);
}
