import {
  CognitoIdentityClient,
  GetCredentialsForIdentityCommand,
  GetIdCommand,
} from "@aws-sdk/client-cognito-identity";
import { DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
} from "@aws-sdk/client-kinesis";
import type { Config } from "./config.ts";
import { type Answer, failureOf, type Kinesis, type Position, type Shard, type Summary } from "./kinesis.ts";
import { recall, remember } from "./memory.ts";
import { asRow, type MinuteRow } from "./records.ts";

interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

interface Session {
  kinesis: KinesisClient;
  dynamodb: DynamoDBClient;
}

// Every caller waits and tries again in its own way; the SDK's attempts would hide what goes on.
const ONCE = { maxAttempts: 1 };
const TIME_LIMIT = 15_000; // milliseconds for one call
const LIFE = 3_600_000; // milliseconds for which a guest's credentials are good, if Cognito does not say
const SOON = 300_000; // milliseconds before their end at which they are asked for again

/** The identity pool lets nobody in, or not any more. */
class Refused extends Error {
  override name = "NotAuthorizedException";
}

/** AWS, or an emulator, as a guest of the identity pool. */
export class Aws implements Kinesis {
  readonly #reread: () => Promise<Config>;
  #config: Config;
  #session: Session | undefined;
  #isDoubtful = false;

  /** reread: the settings as they are by then, asked for when a guest is let in no more: there may be another pool. */
  constructor(config: Config, reread: () => Promise<Config>) {
    this.#config = config;
    this.#reread = reread;
  }

  renew(): void {
    this.#session = undefined;
    this.#isDoubtful = true;
  }

  async summary(stream: string): Promise<Summary> {
    const answer = await this.#open.kinesis.send(new DescribeStreamSummaryCommand({ StreamName: stream }), limited());
    const summary = answer.StreamDescriptionSummary;
    return {
      status: summary?.StreamStatus ?? "unknown",
      created: summary?.StreamCreationTimestamp?.getTime() ?? 0,
    };
  }

  async shards(stream: string, since: number | undefined): Promise<Shard[]> {
    const filter =
      since === undefined ? {} : { ShardFilter: { Type: "FROM_TIMESTAMP" as const, Timestamp: new Date(since) } };
    const found: Shard[] = [];
    let next: string | undefined;
    do {
      const answer = await this.#open.kinesis.send(
        new ListShardsCommand(next === undefined ? { StreamName: stream, ...filter } : { NextToken: next }),
        limited(),
      );
      for (const shard of answer.Shards ?? []) {
        const parents = [shard.ParentShardId, shard.AdjacentParentShardId].filter((id) => id !== undefined);
        found.push({ id: shard.ShardId ?? "", parents });
      }
      next = answer.NextToken;
    } while (next !== undefined);
    return found;
  }

  async iterator(stream: string, shard: string, position: Position): Promise<string> {
    const answer = await this.#open.kinesis.send(
      new GetShardIteratorCommand({
        StreamName: stream,
        ShardId: shard,
        ShardIteratorType: position.type,
        ...(position.type === "AT_TIMESTAMP" ? { Timestamp: new Date(position.time) } : {}),
        ...(position.type === "AFTER_SEQUENCE_NUMBER" ? { StartingSequenceNumber: position.sequenceNumber } : {}),
      }),
      limited(),
    );
    return answer.ShardIterator ?? "";
  }

  async records(iterator: string): Promise<Answer> {
    const answer = await this.#open.kinesis.send(new GetRecordsCommand({ ShardIterator: iterator }), limited());
    return {
      records: (answer.Records ?? []).map((record) => ({
        data: record.Data ?? new Uint8Array(),
        sequenceNumber: record.SequenceNumber ?? "",
        arrival: record.ApproximateArrivalTimestamp?.getTime() ?? 0,
      })),
      next: answer.NextShardIterator,
      behind: answer.MillisBehindLatest ?? 0,
    };
  }

  /** The newest minute rows of a unicorn, at most `limit`, in no order that may be relied upon. */
  async rows(name: string, limit: number): Promise<MinuteRow[]> {
    const answer = await this.#open.dynamodb.send(
      new QueryCommand({
        TableName: this.#config.table,
        KeyConditionExpression: "#name = :name",
        ExpressionAttributeNames: { "#name": "Name" }, // a reserved word
        ExpressionAttributeValues: { ":name": { S: name } },
        ScanIndexForward: false,
        Limit: limit,
      }),
      limited(),
    );
    return (answer.Items ?? [])
      .map((item) =>
        asRow(
          Object.fromEntries(
            Object.entries(item).map(([column, value]) => [column, value.N === undefined ? value.S : Number(value.N)]),
          ),
        ),
      )
      .filter((row) => row !== undefined);
  }

  /** The clients, made once; the SDK asks for credentials again before they end. */
  get #open(): Session {
    if (this.#session === undefined) {
      let guest: { expiration: number; credentials: Promise<Credentials> } | undefined;
      const credentials = async (): Promise<Credentials> => {
        if (guest === undefined || guest.expiration - Date.now() < SOON) {
          const asked = { expiration: Date.now() + LIFE, credentials: this.#enter() };
          guest = asked;
          asked.credentials.then(
            (given) => {
              asked.expiration = given.expiration.getTime();
            },
            () => {
              guest = undefined;
            },
          );
        }
        return guest.credentials;
      };
      this.#session = {
        kinesis: new KinesisClient({ ...this.#where, credentials }),
        dynamodb: new DynamoDBClient({ ...this.#where, credentials }),
      };
    }
    return this.#session;
  }

  get #where(): { region: string; maxAttempts: number; endpoint?: string } {
    const { region, endpoint } = this.#config;
    return { region, ...ONCE, ...(endpoint === undefined ? {} : { endpoint }) };
  }

  /** Credentials of a guest. Throws what the SDK throws, and Refused. */
  async #enter(): Promise<Credentials> {
    if (this.#isDoubtful) {
      this.#config = await this.#reread();
      this.#isDoubtful = false;
    }
    const cognito = new CognitoIdentityClient(this.#where);
    const pool = this.#config.identityPool;
    const guest = `guest of ${pool}`; // the same at the next visit
    try {
      let id = recall(guest);
      if (id === undefined) {
        id = (await cognito.send(new GetIdCommand({ IdentityPoolId: pool }), limited())).IdentityId;
        remember(guest, id);
      }
      const answer = await cognito.send(new GetCredentialsForIdentityCommand({ IdentityId: id }), limited());
      const given = answer.Credentials;
      return {
        accessKeyId: given?.AccessKeyId ?? "",
        secretAccessKey: given?.SecretKey ?? "",
        sessionToken: given?.SessionToken ?? "",
        expiration: given?.Expiration ?? new Date(Date.now() + LIFE),
      };
    } catch (error) {
      const failure = failureOf(error);
      if (failure === "network" || failure === "throttled") {
        throw error;
      }
      remember(guest, undefined);
      this.#config = await this.#reread();
      throw new Refused("The identity pool lets no guest in.");
    }
  }
}

function limited(): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(TIME_LIMIT) };
}
