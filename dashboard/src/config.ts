/** What the page needs to know, from `config.json` beside it. */
export interface Config {
  region: string;
  identityPool: string;
  streams: { readings: string; summary: string; errors: string };
  table: string;
  /** From one row's end to the next one's, milliseconds; a minute without it. */
  window?: number;
  /** Of an emulator: an address, or a path of the page's own origin. Without it, AWS. */
  endpoint?: string;
  /** Online tiles below the unicorns, in place of the outlines that come with the page. */
  tiles?: { url: string; attribution: string };
}

/** What is wrong with `config.json`, in a sentence for people. */
export class ConfigError extends Error {}

const STREAMS = ["readings", "summary", "errors"] as const;

/**
 * Reads the settings. Throws ConfigError with one sentence that lists everything that is wrong.
 * base: the page's address, on which relative endpoints rest.
 */
export function parseConfig(text: string, base: string): Config {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new ConfigError("config.json is not JSON: put the settings there, as `python -m deploy up` writes them.");
  }
  if (!isObject(parsed)) {
    throw new ConfigError("config.json is not a JSON object.");
  }
  const problems: string[] = [];
  const text_ = (from: Record<string, unknown>, key: string, where: string): string => {
    const value = from[key];
    if (typeof value === "string" && value !== "") {
      return value;
    }
    problems.push(`${where} is missing`);
    return "";
  };
  const known = ["region", "identityPool", "streams", "table", "window", "endpoint", "tiles"];
  problems.push(...unknown(parsed, known, ""));
  const streams = isObject(parsed.streams) ? parsed.streams : {};
  problems.push(...unknown(streams, STREAMS, "streams."));
  const config: Config = {
    region: text_(parsed, "region", "region"),
    identityPool: text_(parsed, "identityPool", "identityPool"),
    streams: {
      readings: text_(streams, "readings", "streams.readings"),
      summary: text_(streams, "summary", "streams.summary"),
      errors: text_(streams, "errors", "streams.errors"),
    },
    table: text_(parsed, "table", "table"),
  };
  if (parsed.window !== undefined) {
    if (typeof parsed.window === "number" && parsed.window > 0) {
      config.window = parsed.window;
    } else {
      problems.push("window is not a number of milliseconds");
    }
  }
  if (parsed.endpoint !== undefined) {
    const endpoint = address(parsed.endpoint, base);
    if (endpoint === undefined) {
      problems.push("endpoint is not an address");
    } else {
      config.endpoint = endpoint;
    }
  }
  if (parsed.tiles !== undefined) {
    const tiles = isObject(parsed.tiles) ? parsed.tiles : {};
    problems.push(...unknown(tiles, ["url", "attribution"], "tiles."));
    const url = text_(tiles, "url", "tiles.url");
    if (url !== "" && !/^https?:\/\/.*\{z\}/.test(url)) {
      problems.push("tiles.url is not an address with {z}, {x} and {y}");
    }
    config.tiles = { url, attribution: text_(tiles, "attribution", "tiles.attribution") };
  }
  if (problems.length > 0) {
    throw new ConfigError(`config.json cannot be used: ${problems.join("; ")}.`);
  }
  return config;
}

/** Fetches the settings beside the page. Throws ConfigError. */
export async function fetchConfig(base: string): Promise<Config> {
  let answer: Response;
  try {
    answer = await fetch(new URL("config.json", base), { cache: "no-store" });
  } catch {
    throw new ConfigError("config.json cannot be fetched: check the connection.");
  }
  if (!answer.ok) {
    throw new ConfigError(
      `There is no config.json beside the page (status ${answer.status}): \`python -m deploy up\` puts it there.`,
    );
  }
  return parseConfig(await answer.text(), base);
}

function unknown(object: Record<string, unknown>, known: readonly string[], prefix: string): string[] {
  return Object.keys(object)
    .filter((key) => !known.includes(key))
    .map((key) => `${prefix}${key} is not known`);
}

function address(value: unknown, base: string): string | undefined {
  if (typeof value !== "string") {
    return undefined;
  }
  try {
    const url = new URL(value, base);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href.replace(/\/$/, "") : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
