import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { inspect } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { TursoClient } from "../../src/turso/client";
import { TursoError } from "../../src/turso/errors";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { hooks } from "../support/fake-turso";

export const API_TOKEN = "opaque-api-token-0123456789";
export const JWT =
  "eyJhbGciOiJFZERTQSJ9.eyJhIjoicnciLCJpYXQiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLXRoYXQtbXVzdC1ub3QtYmUtc2Vlbg";
/** A part of a secret that is this long counts as a leak. */
const REVEALING_LENGTH = 16;

/** Writes to a connection that has sent a request's head. */
export type Misbehave = (socket: Socket, head: string) => void;

/** A server that follows no protocol: it writes anything. */
export interface HostileServer {
  readonly url: string;
  readonly port: number;
  /** Handles the next requests. */
  answer: Misbehave;
  /** The heads of the requests so far. */
  readonly heads: string[];
  /** How many connections there were. */
  connections: number;
}

/** Returns a function that starts servers, and closes them after each test of a describe. */
export function useHostileServers(): (answer: Misbehave) => Promise<HostileServer> {
  const open: { server: Server; sockets: Set<Socket> }[] = [];
  afterEach(async () => {
    for (const { server, sockets } of open.splice(0)) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return async (answer) => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      hostile.connections += 1;
      let text = "";
      socket.on("error", () => socket.destroy());
      socket.on("close", () => sockets.delete(socket));
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        if (!text.includes("\r\n\r\n")) return;
        hostile.heads.push(text);
        const head = text;
        text = "";
        hostile.answer(socket, head);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    open.push({ server, sockets });
    const { port } = server.address() as AddressInfo;
    const hostile: HostileServer = {
      url: `http://127.0.0.1:${port}`,
      port,
      answer,
      heads: [],
      connections: 0,
    };
    return hostile;
  };
}

/** A response as bytes, whatever length it claims. */
export const raw = (status: number, headers: string[], body: string | Uint8Array): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status} What\r\n${["Connection: close", ...headers].join("\r\n")}\r\n\r\n`),
    Buffer.from(body),
  ]);

const NOTHING = Buffer.alloc(128 * 1024 * 1024);
/** 128 MB of nothing, in no more than 600 KB. */
export const BOMBS = {
  gzip: gzipSync(NOTHING, { level: 1 }),
  br: brotliCompressSync(NOTHING, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
};

/** A client with short limits, and its messages about retries. */
export function impatientClient(
  apiUrl: string,
  patience: Partial<RetryPolicy> = {},
  apiToken = API_TOKEN,
): { client: TursoClient; messages: string[] } {
  const messages: string[] = [];
  const connection = { apiUrl, apiToken, apiTokenOrigin: "the environment's TURSO_API_TOKEN" };
  const all = { timeoutMs: 500, retries: 1, pauseMs: 1, longestPauseMs: 5, patienceMs: 5, ...patience };
  const client = new TursoClient(connection, "acme", hooks({ onRetry: (line) => messages.push(line) }), all);
  return { client, messages };
}

const APP = { kind: "database", name: "app" } as const;
const isText = (value: unknown) => typeof value === "string";
const isDatabase = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ["Hostname,Name,group", "DbId,Hostname,Name,group"].includes(Object.keys(value).sort().join()) &&
  Object.values(value).every(isText);

/** Every call of the API, and which results of it are clean. */
export const CALLS: Record<
  string,
  { ask: (client: TursoClient) => Promise<unknown>; isClean: (value: unknown) => boolean }
> = {
  rotate: { ask: (client) => client.rotate(APP), isClean: (value) => value === undefined },
  mint: {
    ask: (client) => client.mint(APP, { expiration: "1d", authorization: "read-only" }),
    isClean: (value) => isText(value) && /^[\w.~+/=-]{1,8192}$/.test(value),
  },
  getDatabase: { ask: (client) => client.getDatabase("app"), isClean: isDatabase },
  getGroup: { ask: (client) => client.getGroup("default"), isClean: (value) => value === undefined },
  listDatabases: {
    ask: (client) => client.listDatabases("default"),
    isClean: (value) => Array.isArray(value) && value.every(isDatabase),
  },
};

/** Requires an error sentence or a clean value. */
export async function outcomeOf(
  call: string,
  { client, messages }: ReturnType<typeof impatientClient>,
): Promise<TursoError | undefined> {
  const known = CALLS[call];
  assert(known);
  const outcome: unknown = await known.ask(client).then(
    (value) => {
      assert.ok(known.isClean(value), `${call} gave ${inspect(value)}`);
      return undefined;
    },
    (error: unknown) => error,
  );
  assertHidden(messages.join("\n"));
  if (outcome === undefined) return undefined;
  if (!(outcome instanceof TursoError)) throw outcome as Error;
  assertSentence(outcome.message);
  for (const text of [String(outcome.stack), JSON.stringify(outcome)]) assertHidden(text);
  assertHidden(inspect(outcome, { depth: null, showHidden: true }));
  return outcome;
}

/** Requires one printable line of a readable length: what was attempted, what came back, what changed, what to do. */
export function assertSentence(message: string): void {
  assert.match(
    message,
    /^[A-Z][^]*: [^]+\. (Nothing was changed|Whether it was carried out is not known)\. [^]+\.$/,
  );
  assert.doesNotMatch(message, /[\p{Cc}\p{Zl}\p{Zp}]/u);
  assert.ok(message.length < 1_000, `${message.length} characters`);
}

export function assertHidden(text: string, secrets: readonly string[] = [API_TOKEN, JWT]): void {
  for (const secret of secrets)
    for (let start = 0; start + REVEALING_LENGTH <= secret.length; start += 1) {
      const part = secret.slice(start, start + REVEALING_LENGTH);
      if (text.includes(part)) assert.fail(`shows ${JSON.stringify(part)} of a secret:\n${text}`);
    }
}
