import type { MinuteRow } from "./records.ts";

/** Rows per unicorn that are kept: half an hour of minutes. */
export const KEPT = 30;
/** Unicorns whose rows are kept; then those heard of first are forgotten. */
const MOST_UNICORNS = 5000;
/** Rows of all unicorns that the list of minutes keeps. */
export const LISTED = 120;

/** The minute rows by unicorn, from stream and table alike: the same row may come from both, and more than once. */
export class Minutes {
  readonly #rows = new Map<string, MinuteRow[]>(); // by time, the newest last
  #listed: MinuteRow[] = []; // the newest first
  /** Grows with every change. */
  version = 0;
  /** Rows seen, each (Name, StatusTime) once as long as it is kept. */
  count = 0;

  accept(rows: readonly MinuteRow[]): void {
    for (const row of rows) {
      this.#accept(row);
    }
    this.#listed.sort((one, other) => other.time - one.time || (one.name < other.name ? -1 : 1));
    this.#listed.length = Math.min(this.#listed.length, LISTED);
  }

  /** The last half hour of a unicorn, the newest last. */
  of(name: string): readonly MinuteRow[] {
    return this.#rows.get(name) ?? [];
  }

  /** Every row that is kept. */
  *all(): Generator<MinuteRow, void> {
    for (const rows of this.#rows.values()) {
      yield* rows;
    }
  }

  /** The newest rows of all, the newest first. */
  get listed(): readonly MinuteRow[] {
    return this.#listed;
  }

  #accept(row: MinuteRow): void {
    const rows = this.#rows.get(row.name) ?? [];
    if (rows.length === KEPT && row.time < (rows[0]?.time ?? 0)) {
      return; // older than what is kept
    }
    this.#rows.set(row.name, rows);
    const [first] = this.#rows.keys();
    if (first !== undefined && this.#rows.size > MOST_UNICORNS) {
      this.#rows.delete(first);
    }
    const index = rows.findLastIndex((other) => other.time <= row.time);
    if (rows[index]?.time === row.time) {
      if (same(rows[index], row)) {
        return;
      }
      rows[index] = row; // corrected, by a backfill say
      this.#listed = this.#listed.filter((other) => other.name !== row.name || other.time !== row.time);
    } else {
      rows.splice(index + 1, 0, row);
      this.count += 1;
      if (rows.length > KEPT) {
        rows.shift();
      }
    }
    this.#listed.push(row);
    this.version += 1;
  }
}

function same(one: MinuteRow, other: MinuteRow): boolean {
  return (Object.keys(one) as (keyof MinuteRow)[]).every((column) => one[column] === other[column]);
}
