/** Waits between attempts: exponential with full jitter, as the AWS architecture blog describes it. */
export class Backoff {
  #failures = 0;
  readonly #first: number;
  readonly #longest: number;
  readonly #random: () => number;

  /** first, longest: upper limits of the first wait and of every wait, in milliseconds. random: from 0 to below 1. */
  constructor(first: number, longest: number, random: () => number = Math.random) {
    this.#first = first;
    this.#longest = longest;
    this.#random = random;
  }

  get failures(): number {
    return this.#failures;
  }

  /** The milliseconds to wait after one failure more. */
  next(): number {
    const limit = Math.min(this.#longest, this.#first * 2 ** this.#failures);
    this.#failures += 1;
    return limit * (0.1 + 0.9 * this.#random());
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** Resolves after so many milliseconds, or as soon as `signal` is aborted. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) {
      resolve();
      return;
    }
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}
