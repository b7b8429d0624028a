import { byId, element, show } from "../dom.ts";
import { duration, whole } from "../format.ts";
import type { ShardState, StreamReader, StreamState } from "../stream.ts";

const MOST_SHARDS = 200; // that are listed
const SILENCE = 20_000; // milliseconds without any answer

/** What is to be said of a stream, in a few words, and how bad it is. */
export interface Verdict {
  text: string;
  level: "good" | "waiting" | "bad";
}

const WORDS: Record<string, Verdict> = {
  connecting: { text: "connecting", level: "waiting" },
  network: { text: "no connection, trying again", level: "bad" },
  throttled: { text: "slowed down by Kinesis, trying again", level: "waiting" },
  denied: { text: "access refused, trying again", level: "bad" },
  missing: { text: "not there, trying again", level: "bad" },
  refused: { text: "request refused, trying again", level: "bad" },
  expired: { text: "finding its place again", level: "waiting" },
};

/** How a stream is doing. now: `Date.now()`. */
export function judge(stream: StreamState, now: number): Verdict {
  const open = [...stream.shards.values()].filter(({ state }) => state !== "closed");
  const failing = open.find(({ state }) => WORDS[state] !== undefined && state !== "expired");
  const told = WORDS[stream.status] ?? (failing === undefined ? undefined : WORDS[failing.state]);
  if (told !== undefined) {
    return told;
  }
  if (now - stream.answered > SILENCE) {
    return { text: "no answer", level: "bad" };
  }
  if (open.some(({ state }) => state === "starting")) {
    return { text: "starting", level: "waiting" };
  }
  const behind = Math.max(0, ...open.map((shard) => shard.behind));
  if (behind > 5000) {
    return { text: `${duration(behind)} behind`, level: "waiting" };
  }
  return { text: stream.status === "ACTIVE" ? "live" : stream.status.toLowerCase(), level: "good" };
}

/** The worst of several. */
export function worst(verdicts: readonly Verdict[]): Verdict {
  const level = (["bad", "waiting"] as const).find((one) => verdicts.some((verdict) => verdict.level === one));
  return verdicts.find((verdict) => verdict.level === level) ?? { text: "live", level: "good" };
}

interface Block {
  status: HTMLElement;
  shards: HTMLElement;
  records: HTMLElement;
  behind: HTMLElement;
  body: HTMLElement;
  fold: HTMLDetailsElement;
}

/** The three streams with their shards. */
export class StreamsList {
  readonly #readers: readonly { role: string; reader: StreamReader }[];
  readonly #blocks = new Map<string, Block>();

  constructor(readers: readonly { role: string; reader: StreamReader }[]) {
    this.#readers = readers;
    for (const { role, reader } of readers) {
      this.#blocks.set(role, block(role, reader.name));
    }
  }

  update(now: number): void {
    for (const { role, reader } of this.#readers) {
      const { state } = reader;
      const held = this.#blocks.get(role);
      if (held !== undefined) {
        const verdict = judge(state, now);
        held.status.dataset.level = verdict.level;
        show(held.status, verdict.text);
        const shards = [...state.shards.values()];
        const open = shards.filter((shard) => shard.state !== "closed");
        const closed = shards.length - open.length;
        show(held.shards, `${open.length} open${closed > 0 ? `, ${closed} closed` : ""}`);
        show(held.records, whole(shards.reduce((sum, shard) => sum + shard.records, 0)));
        show(held.behind, duration(Math.max(0, ...open.map((shard) => shard.behind))));
        if (held.fold.open) {
          fill(held.body, shards.slice(0, MOST_SHARDS));
        }
      }
    }
  }
}

function block(role: string, name: string): Block {
  const root = element("section", "stream");
  root.dataset.stream = role;
  const head = element("h3");
  const status = element("span", "status");
  head.append(element("span", "", name), status);
  const facts = element("dl", "facts");
  const fact = (label: string): HTMLElement => {
    const group = element("div");
    const value = element("dd", "", "–");
    group.append(element("dt", "", label), value);
    facts.append(group);
    return value;
  };
  const [shards, records, behind] = [fact("Shards"), fact("Records read"), fact("Behind")];
  const fold = element("details");
  const table = element("table");
  const columns = element("tr");
  for (const text of ["Shard", "State", "Records", "Behind"]) {
    const cell = element("th", text === "Records" || text === "Behind" ? "number" : "", text);
    cell.scope = "col";
    columns.append(cell);
  }
  const header = element("thead");
  header.append(columns);
  const body = element("tbody");
  table.append(header, body);
  fold.append(element("summary", "", "Each shard"), table);
  root.append(head, facts, fold);
  byId("stream-list").append(root);
  return { status, shards, records, behind, body, fold };
}

function fill(body: HTMLElement, shards: readonly ShardState[]): void {
  while (body.childElementCount > shards.length) {
    body.lastElementChild?.remove();
  }
  for (const [index, shard] of shards.entries()) {
    let line = body.children[index];
    if (line === undefined) {
      line = element("tr");
      line.append(element("td"), element("td"), element("td", "number"), element("td", "number"));
      body.append(line);
    }
    const texts = [shard.id.replace("shardId-", ""), shard.state, whole(shard.records), duration(shard.behind)];
    for (const [column, text] of texts.entries()) {
      const cell = line.children[column];
      if (cell !== undefined) {
        show(cell, text);
      }
    }
  }
}
