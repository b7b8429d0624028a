import { byId } from "../dom.ts";

/** The panels that share a place on small screens. On large ones the first two have places of their own. */
export type Tab = "fleet" | "detail" | "minutes" | "errors" | "streams";
const TABS: readonly Tab[] = ["fleet", "detail", "minutes", "errors", "streams"];
const WIDE = "(min-width: 1280px)";

/** Which panel is in sight, with the keys that a list of tabs has. */
export class Tabs {
  readonly #wide = matchMedia(WIDE);
  readonly #changed: () => void;
  #tab: Tab = "fleet";

  constructor(changed: () => void) {
    this.#changed = changed;
    for (const tab of TABS) {
      const button = byId(`tab-${tab}`);
      button.addEventListener("click", () => this.open(tab));
      button.addEventListener("keydown", (event) => this.#press(event));
    }
    this.#wide.addEventListener("change", () => this.#show());
    this.#show();
  }

  open(tab: Tab): void {
    this.#tab = tab;
    this.#show();
    this.#changed();
  }

  /** Whether a panel can be seen. */
  isShown(tab: Tab): boolean {
    return tab === this.#current || (this.#wide.matches && (tab === "fleet" || tab === "detail"));
  }

  /** The tabs that there are at this width. */
  get #there(): readonly Tab[] {
    return this.#wide.matches ? TABS.slice(2) : TABS;
  }

  get #current(): Tab {
    return this.#there.includes(this.#tab) ? this.#tab : "minutes";
  }

  #show(): void {
    for (const tab of TABS) {
      const button = byId(`tab-${tab}`);
      const isCurrent = tab === this.#current;
      button.setAttribute("aria-selected", `${isCurrent}`);
      button.tabIndex = isCurrent ? 0 : -1;
      byId(tab).classList.toggle("shown", this.isShown(tab));
    }
  }

  #press(event: KeyboardEvent): void {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) {
      return;
    }
    event.preventDefault();
    const there = this.#there;
    const next = there[(there.indexOf(this.#current) + step + there.length) % there.length];
    if (next !== undefined) {
      this.open(next);
      byId(`tab-${next}`).focus();
    }
  }
}
