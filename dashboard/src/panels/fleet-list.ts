import { byId, element, show } from "../dom.ts";
import { type Fleet, LEAVES, SILENT, type Unicorn } from "../fleet.ts";
import { ago, mph, short, whole } from "../format.ts";
import { vital } from "../map/popup.ts";
import { colourOf, hueOf, LOW } from "../palette.ts";

const ROW = 52; // pixels: the height of a row in the stylesheet
const SPARE = 3; // rows beyond either edge
const REORDER = 5000; // milliseconds: an order by vitals does not jump about with every reading
const COLLATOR = new Intl.Collator("en", { numeric: true });

interface Row {
  root: HTMLElement;
  dot: HTMLElement;
  name: HTMLElement;
  note: HTMLElement;
  health: HTMLElement;
  magic: HTMLElement;
}

/** Every unicorn in a list that can be searched. Only the rows in sight exist: a thousand unicorns cost no more than ten. */
export class FleetList {
  readonly #fleet: Fleet;
  readonly #choose: (name: string) => void;
  readonly #list = byId("fleet-list");
  readonly #inner = byId("fleet-rows");
  readonly #search = byId<HTMLInputElement>("search");
  readonly #order = byId<HTMLSelectElement>("order");
  readonly #rows: Row[] = [];
  #names: string[] = [];
  #key = "";
  #ordered = 0;
  #isDark = false;
  chosen: string | undefined;

  constructor(fleet: Fleet, choose: (name: string) => void) {
    this.#fleet = fleet;
    this.#choose = choose;
    const refresh = (): void => this.update(performance.now());
    this.#search.addEventListener("input", () => {
      this.#list.scrollTop = 0;
      refresh();
    });
    this.#order.addEventListener("change", refresh);
    this.#list.addEventListener("scroll", refresh, { passive: true });
    new ResizeObserver(refresh).observe(this.#list);
    this.#list.addEventListener("keydown", (event) => this.#press(event));
    this.#list.addEventListener("click", (event) => {
      const row = (event.target as HTMLElement).closest<HTMLElement>("[role=option]");
      const name = row === null ? undefined : this.#names[Number(row.dataset.index)];
      if (name !== undefined) {
        this.#choose(name);
      }
    });
  }

  recolour(isDark: boolean): void {
    this.#isDark = isDark;
    this.update(performance.now());
  }

  /** Shows what is in the air now. */
  update(now: number): void {
    this.#arrange(now);
    const first = Math.max(0, Math.floor(this.#list.scrollTop / ROW) - SPARE);
    const last = Math.min(
      this.#names.length,
      Math.ceil((this.#list.scrollTop + this.#list.clientHeight) / ROW) + SPARE,
    );
    this.#inner.style.height = `${this.#names.length * ROW}px`;
    let used = 0;
    let active = "";
    for (let index = first; index < last; index += 1) {
      const unicorn = this.#fleet.unicorns.get(this.#names[index] ?? "");
      if (unicorn !== undefined) {
        const row = this.#row(used);
        this.#fill(row, unicorn, index, now);
        active = unicorn.name === this.chosen ? row.root.id : active;
        used += 1;
      }
    }
    for (const { root } of this.#rows.slice(used)) {
      root.hidden = true;
    }
    if (active === "") {
      this.#list.removeAttribute("aria-activedescendant");
    } else {
      this.#list.setAttribute("aria-activedescendant", active);
    }
    const all = this.#fleet.unicorns.size;
    show(
      byId("fleet-count"),
      this.#names.length === all ? whole(all) : `${whole(this.#names.length)} of ${whole(all)}`,
    );
    byId("fleet-empty").hidden = this.#names.length > 0;
    show(
      byId("fleet-empty"),
      all > 0 ? "No unicorn has such a name." : "No unicorn in the air: readings of the last 30 s are shown.",
    );
  }

  /** Brings the chosen unicorn into sight. */
  reveal(): void {
    const index = this.chosen === undefined ? -1 : this.#names.indexOf(this.chosen);
    if (index >= 0) {
      const top = index * ROW;
      const { scrollTop, clientHeight } = this.#list;
      if (top < scrollTop) {
        this.#list.scrollTop = top;
      } else if (top + ROW > scrollTop + clientHeight) {
        this.#list.scrollTop = top + ROW - clientHeight;
      }
    }
    this.update(performance.now());
  }

  /** Which unicorns, in which order; anew only if some came or went, or the person asked for others. */
  #arrange(now: number): void {
    const words = this.#search.value.trim().toLocaleLowerCase();
    const order = this.#order.value;
    const key = `${this.#fleet.version} ${order} ${words}`;
    if (key === this.#key && (order === "name" || now - this.#ordered < REORDER)) {
      return;
    }
    this.#key = key;
    this.#ordered = now;
    const found = [...this.#fleet.unicorns.values()].filter(({ name }) => name.toLocaleLowerCase().includes(words));
    const weakest = ({ reading }: Unicorn): number => Math.min(reading.health, reading.magic);
    const by: Record<string, (one: Unicorn, other: Unicorn) => number> = {
      weakest: (one, other) => weakest(one) - weakest(other),
      fastest: (one, other) => other.reading.distance - one.reading.distance,
    };
    found.sort((one, other) => by[order]?.(one, other) || COLLATOR.compare(one.name, other.name));
    this.#names = found.map(({ name }) => name);
  }

  #row(index: number): Row {
    const held = this.#rows[index];
    if (held !== undefined) {
      held.root.hidden = false;
      return held;
    }
    const root = element("div", "unicorn");
    root.id = `unicorn-${index}`;
    root.setAttribute("role", "option");
    const row = {
      root,
      dot: element("span", "dot"),
      name: element("span", "name"),
      note: element("span", "note"),
      health: element("span", "vital"),
      magic: element("span", "vital"),
    };
    for (const [what, value] of [
      ["health", row.health],
      ["magic", row.magic],
    ] as const) {
      value.dataset.vital = what;
    }
    const texts = element("span", "texts");
    texts.append(row.name, row.note);
    const vitals = element("span", "vitals");
    const [healthLabel, magicLabel] = [element("span", "of", "health"), element("span", "of", "magic")];
    vitals.append(healthLabel, row.health, magicLabel, row.magic);
    root.append(row.dot, texts, vitals);
    this.#inner.append(root);
    this.#rows.push(row);
    return row;
  }

  #fill(row: Row, unicorn: Unicorn, index: number, now: number): void {
    const { reading, name } = unicorn;
    const silent = now - unicorn.heard;
    const { root } = row;
    root.style.transform = `translateY(${index * ROW}px)`;
    root.dataset.index = `${index}`;
    root.dataset.name = name;
    root.setAttribute("aria-selected", `${name === this.chosen}`);
    root.setAttribute("aria-posinset", `${index + 1}`);
    root.setAttribute("aria-setsize", `${this.#names.length}`);
    root.classList.toggle("weak", reading.health < LOW || reading.magic < LOW);
    root.classList.toggle("silent", silent > SILENT);
    row.dot.style.backgroundColor = colourOf(hueOf(name), this.#isDark);
    show(row.name, short(name));
    row.name.title = name;
    const leaving = silent > LEAVES ? "leaving" : `silent, ${ago(silent)}`;
    show(row.note, silent > SILENT ? leaving : mph(reading.distance));
    vital(row.health, reading.health);
    vital(row.magic, reading.magic);
  }

  #press(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.#list.clientHeight / ROW) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    event.preventDefault();
    const here = this.chosen === undefined ? -1 : this.#names.indexOf(this.chosen);
    const there = Math.max(0, Math.min(this.#names.length - 1, here < 0 && step === -1 ? 0 : here + step));
    const name = this.#names[there];
    if (name !== undefined) {
      this.#choose(name);
    }
  }
}
