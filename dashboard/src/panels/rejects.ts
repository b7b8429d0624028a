import { byId, element, show } from "../dom.ts";
import { short, whole } from "../format.ts";
import type { Rejected } from "../records.ts";

const KINDS = ["PARSE", "COERCION", "LATE"];
const LISTED = 50;
const LONGEST = 300; // characters of a record that are shown

/** The records that are in no row: how many of each kind since the page was opened, and the newest. */
export class Rejects {
  readonly #counts = new Map<string, number>(KINDS.map((kind) => [kind, 0]));
  readonly #list = byId("error-list");
  #newest: Rejected[] = [];
  #hasMore = false;

  accept(rejected: readonly Rejected[]): void {
    for (const one of rejected) {
      const kind = KINDS.includes(one.kind) ? one.kind : "other";
      this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
    }
    this.#newest = [...rejected.toReversed(), ...this.#newest].slice(0, LISTED);
    this.#hasMore ||= rejected.length > 0;
  }

  /** isShown: whether the list is in sight; the counts are, always. */
  update(isShown: boolean): void {
    let sum = 0;
    for (const [kind, count] of this.#counts) {
      sum += count;
      const where = document.querySelector(`[data-errors="${kind}"]`);
      if (where !== null) {
        show(where, whole(count));
      }
    }
    show(byId("errors-count"), whole(sum));
    byId("errors-empty").hidden = sum > 0;
    if (isShown && this.#hasMore) {
      this.#hasMore = false;
      this.#list.replaceChildren(...this.#newest.map(made));
    }
  }
}

function made(one: Rejected): HTMLLIElement {
  const item = element("li");
  const head = element("p", "head");
  head.append(
    element("span", `kind ${KINDS.includes(one.kind) ? one.kind.toLowerCase() : "other"}`, short(one.kind, 20)),
    element("span", "message", short(one.message, LONGEST)),
  );
  item.append(head, element("code", "record", short(one.row.trimEnd(), LONGEST)), element("time", "", one.time));
  return item;
}
