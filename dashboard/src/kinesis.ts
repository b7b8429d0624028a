/** The four Kinesis calls that the page may make, without the SDK's types: what a stream reader needs. */

export interface Shard {
  id: string;
  parents: string[];
}

export interface KinesisRecord {
  data: Uint8Array;
  sequenceNumber: string;
  /** Milliseconds since 1970, by the service's clock. */
  arrival: number;
}

export interface Answer {
  records: KinesisRecord[];
  /** undefined at the end of a shard that was split or merged. */
  next: string | undefined;
  /** How far behind the newest record of the shard this answer is, in milliseconds. */
  behind: number;
}

export interface Summary {
  status: string;
  /** Milliseconds since 1970: another one means another stream of the same name. */
  created: number;
}

/** Where to begin in a shard. */
export type Position =
  | { type: "TRIM_HORIZON" }
  | { type: "LATEST" }
  | { type: "AT_TIMESTAMP"; time: number }
  | { type: "AFTER_SEQUENCE_NUMBER"; sequenceNumber: string };

/** Calls to Kinesis. Each throws what the SDK throws. */
export interface Kinesis {
  summary(stream: string): Promise<Summary>;
  /** Every shard that was open at `since` (milliseconds since 1970) or later; without it, every shard that is kept. */
  shards(stream: string, since: number | undefined): Promise<Shard[]>;
  iterator(stream: string, shard: string, position: Position): Promise<string>;
  records(iterator: string): Promise<Answer>;
  /** Forget the credentials: the next call gets new ones. */
  renew(): void;
}

export type Failure = "expired" | "throttled" | "denied" | "missing" | "refused" | "network";

const FAILURES: Record<string, Failure> = {
  ExpiredIteratorException: "expired",
  ProvisionedThroughputExceededException: "throttled",
  KMSThrottlingException: "throttled",
  LimitExceededException: "throttled",
  ThrottlingException: "throttled",
  TooManyRequestsException: "throttled",
  RequestLimitExceeded: "throttled",
  ResourceNotFoundException: "missing",
  AccessDeniedException: "denied",
  NotAuthorizedException: "denied",
  UnrecognizedClientException: "denied",
  InvalidSignatureException: "denied",
  ExpiredTokenException: "denied",
  ExpiredToken: "denied",
  MissingAuthenticationTokenException: "denied",
  InvalidArgumentException: "refused",
  ValidationException: "refused",
};

/** What kind of failure an error of the SDK is, by its name; whatever has no name of a service's is the network's. */
export function failureOf(error: unknown): Failure {
  const name = error instanceof Error ? error.name : "";
  return FAILURES[name] ?? "network";
}
