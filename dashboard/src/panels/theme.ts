import { byId } from "../dom.ts";
import { recall, remember } from "../memory.ts";

const KEY = "theme";
const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];

/** Light, dark, or as the system has it: a button goes round, and the browser remembers. */
export class Colours {
  readonly #changed: () => void;
  #theme: Theme = stored();

  /** changed: called whenever the colours may be others. */
  constructor(changed: () => void) {
    this.#changed = changed;
    byId("theme").addEventListener("click", () => {
      this.#theme = THEMES[(THEMES.indexOf(this.#theme) + 1) % THEMES.length] ?? "auto";
      remember(KEY, this.#theme);
      this.#apply();
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#apply());
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.#theme;
    const button = byId("theme");
    button.textContent = { auto: "Auto", light: "Light", dark: "Dark" }[this.#theme];
    button.setAttribute("aria-label", `Colours: ${this.#theme}. Change`);
    this.#changed();
  }
}

function stored(): Theme {
  return THEMES.find((theme) => theme === recall(KEY)) ?? "auto";
}
