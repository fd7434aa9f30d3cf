/**
 * Loops that people would run instead of the package, without Pulumi. Each runs in a fresh process, reads its parameters from
 * standard input, and prints the time it took.
 */
import { createClient } from "@tursodatabase/api";
import axios, { type AxiosInstance } from "axios";
import { readFileSync } from "node:fs";
import { Agent } from "node:http";
import { GROUP, type Hello } from "./protocol";

/**
 * `limit`: only the rotations. `limit-proof`: a canary token, a probe, the rotation and a second probe for each database.
 * Both use axios with keep-alive connections and concurrent requests. `sequential`: the official client, one rotation
 * after the other. `script`: rotates with the official client, then mints a token for each database in parallel.
 */
export type LoopKind = "limit" | "limit-proof" | "sequential" | "script";

export interface LoopOrder extends Hello {
  kind: LoopKind;
  parallelism: number;
}

export interface LoopResult {
  ms: number;
  /** When it ended, in milliseconds since 1970. */
  doneAt: number;
  /** How often the official client threw on the API's empty 200. */
  thrown: number;
}

async function pooled<T>(items: T[], parallelism: number, act: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await act(item);
  };
  await Promise.all(Array.from({ length: parallelism }, worker));
}

function apiOf({ url, token, organization }: LoopOrder): AxiosInstance {
  return axios.create({
    baseURL: `${url}/v1/organizations/${organization}`,
    headers: { Authorization: `Bearer ${token}` },
    httpAgent: new Agent({ keepAlive: true }),
    proxy: false,
  });
}

async function limit(order: LoopOrder): Promise<void> {
  const api = apiOf(order);
  await pooled(order.names, order.parallelism, async (name) => {
    await api.post(`/databases/${name}/auth/rotate`);
  });
}

interface Listing {
  databases: { Name: string; Hostname: string }[];
}

async function limitProof(order: LoopOrder): Promise<void> {
  const api = apiOf(order);
  const probes = axios.create({
    httpAgent: new Agent({ keepAlive: true }),
    proxy: false,
    validateStatus: () => true,
  });
  const body = {
    requests: [{ type: "execute", stmt: { sql: "select 1", want_rows: true } }, { type: "close" }],
  };
  const probe = async (host: string, jwt: string, expected: number): Promise<void> => {
    const { status } = await probes.post(`http://${host}/v2/pipeline`, body, {
      headers: { Authorization: `Bearer ${jwt}` },
    });
    if (status !== expected) throw new Error(`the database responded with ${status}, not ${expected}`);
  };
  const { data } = await api.get<Listing>("/databases");
  const hosts = new Map(data.databases.map(({ Name, Hostname }) => [Name, Hostname]));
  await pooled(order.names, order.parallelism, async (name) => {
    const host = hosts.get(name) ?? "";
    const minted = await api.post<{ jwt: string }>(`/databases/${name}/auth/tokens`, undefined, {
      params: { expiration: "1d", authorization: "read-only" },
    });
    await probe(host, minted.data.jwt, 200);
    await api.post(`/databases/${name}/auth/rotate`);
    await probe(host, minted.data.jwt, 401);
  });
}

const official = ({ url, token, organization }: LoopOrder) =>
  createClient({ org: organization, token, baseUrl: `${url}/v1/` });

/** The official client parses the empty response to a rotation as JSON, and throws. */
async function throwing(act: () => Promise<unknown>): Promise<number> {
  try {
    await act();
    return 0;
  } catch (error) {
    if (error instanceof SyntaxError) return 1;
    throw error;
  }
}

async function sequential(order: LoopOrder): Promise<number> {
  const { databases } = official(order);
  let thrown = 0;
  for (const name of order.names) thrown += await throwing(() => databases.rotateTokens(name));
  return thrown;
}

async function script(order: LoopOrder): Promise<number> {
  const { databases, groups } = official(order);
  const [only] = order.names;
  const thrown = await throwing(() =>
    order.names.length === 1 && only !== undefined
      ? databases.rotateTokens(only)
      : groups.rotateTokens(GROUP),
  );
  await Promise.all(order.names.map((name) => databases.createToken(name)));
  return thrown;
}

const LOOPS: Record<LoopKind, (order: LoopOrder) => Promise<number | undefined>> = {
  limit: (order) => limit(order).then(() => undefined),
  "limit-proof": (order) => limitProof(order).then(() => undefined),
  sequential,
  script,
};

async function main(): Promise<void> {
  const order = JSON.parse(readFileSync(0, "utf8")) as LoopOrder;
  const start = performance.now();
  const thrown = (await LOOPS[order.kind](order)) ?? 0;
  const result: LoopResult = { ms: performance.now() - start, doneAt: Date.now(), thrown };
  console.log(JSON.stringify(result));
}

if (require.main === module)
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
