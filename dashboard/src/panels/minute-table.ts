import { byId, element, show } from "../dom.ts";
import { clock, metres, range, short, statusTime, whole } from "../format.ts";
import { LISTED, type Minutes } from "../minutes.ts";
import { LOW } from "../palette.ts";
import type { MinuteRow } from "../records.ts";

/** The newest minute rows of all unicorns, as Flink writes them. */
export class MinuteTable {
  readonly #minutes: Minutes;
  readonly #body = byId("minute-rows");
  readonly #rows = new Map<string, HTMLTableRowElement>();
  #shown = -1;

  /** choose: called with the unicorn of a row that was clicked. */
  constructor(minutes: Minutes, choose: (name: string) => void) {
    this.#minutes = minutes;
    this.#body.addEventListener("click", (event) => {
      const button = (event.target as HTMLElement).closest("button");
      if (button?.dataset.name !== undefined) {
        choose(button.dataset.name);
      }
    });
  }

  update(): void {
    if (this.#shown === this.#minutes.version) {
      return;
    }
    const isFirst = this.#shown === -1;
    this.#shown = this.#minutes.version;
    show(byId("minutes-count"), whole(this.#minutes.count));
    byId("minutes-empty").hidden = this.#minutes.count > 0;
    const kept = new Set<string>();
    let before: Element | null = this.#body.firstElementChild;
    for (const row of this.#minutes.listed.slice(0, LISTED)) {
      const key = JSON.stringify(row);
      kept.add(key);
      let line = this.#rows.get(key);
      if (line === undefined) {
        line = made(row, !isFirst);
        this.#rows.set(key, line);
      }
      if (line === before) {
        before = line.nextElementSibling;
      } else {
        this.#body.insertBefore(line, before);
      }
    }
    for (const [key, line] of this.#rows) {
      if (!kept.has(key)) {
        line.remove();
        this.#rows.delete(key);
      }
    }
  }
}

function made(row: MinuteRow, isNew: boolean): HTMLTableRowElement {
  const line = element("tr", isNew ? "new" : "");
  line.dataset.name = row.name;
  line.dataset.time = statusTime(row.time);
  const name = element("button", "link", short(row.name, 24));
  name.type = "button";
  name.title = row.name;
  name.dataset.name = row.name;
  const first = element("th");
  first.scope = "row";
  first.append(name);
  const time = element("td", "", clock(row.time));
  time.title = `${statusTime(row.time)} UTC`;
  line.append(
    first,
    time,
    element("td", "number", metres(row.distance)),
    element("td", `number${row.minHealth < LOW ? " low" : ""}`, range(row.minHealth, row.maxHealth)),
    element("td", `number${row.minMagic < LOW ? " low" : ""}`, range(row.minMagic, row.maxMagic)),
  );
  return line;
}
