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
 * `plain`: lists the databases, then rotates and mints each. `proof`: the requests that TokenRotation makes with
 * `verify: "auto"` for databases of one group. `mint`: only mints. These use axios with concurrent requests. `sequential`: the
 * official client, which rotates and mints one database after the other. `script`: rotates with the official client,
 * then mints a token for each database in parallel.
 */
export type LoopKind = "plain" | "proof" | "mint" | "sequential" | "script";

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

const mintPath = (name: string): string => `/databases/${name}/auth/tokens`;
const rotatePath = (name: string): string => `/databases/${name}/auth/rotate`;

function apiOf({ url, token, organization }: LoopOrder): AxiosInstance {
  return axios.create({
    baseURL: `${url}/v1/organizations/${organization}`,
    headers: { Authorization: `Bearer ${token}` },
    httpAgent: new Agent({ keepAlive: true }),
    proxy: false,
  });
}

async function plain(order: LoopOrder): Promise<void> {
  const api = apiOf(order);
  await api.get("/databases");
  await pooled(order.names, order.parallelism, async (name) => {
    await api.post(rotatePath(name));
    await api.post(mintPath(name));
  });
}

async function mint(order: LoopOrder): Promise<void> {
  const api = apiOf(order);
  await pooled(order.names, order.parallelism, async (name) => {
    await api.post(mintPath(name));
  });
}

interface Listing {
  databases: { Name: string; Hostname: string }[];
}

/** How many probes and checks TokenRotation runs in parallel, apart from its `parallelism`. */
const [PROBES, CHECKS] = [32, 16];

async function proof(order: LoopOrder): Promise<void> {
  const api = apiOf(order);
  // evidence needs a new connection for each probe
  const probes = axios.create({ httpAgent: new Agent(), proxy: false, validateStatus: () => true });
  const body = {
    requests: [{ type: "execute", stmt: { sql: "select 1", want_rows: true } }, { type: "close" }],
  };
  const { data } = await api.get<Listing>("/databases");
  const hosts = new Map(data.databases.map(({ Name, Hostname }) => [Name, Hostname]));
  const probe = async (name: string, jwt = "", expected = 200): Promise<void> => {
    const { status } = await probes.post(`http://${hosts.get(name)}/v2/pipeline`, body, {
      headers: { Authorization: `Bearer ${jwt}` },
    });
    if (status !== expected) throw new Error(`the database responded with ${status}, not ${expected}`);
  };
  const mintOne = async (name: string, params: Record<string, string> = {}): Promise<string> =>
    (await api.post<{ jwt: string }>(mintPath(name), undefined, { params })).data.jwt;
  const [canaries, tokens] = [new Map<string, string>(), new Map<string, string>()];
  await pooled(order.names, order.parallelism, async (name) => {
    canaries.set(name, await mintOne(name, { expiration: "7d", authorization: "read-only" }));
    await probe(name, canaries.get(name));
  });
  await pooled(order.names, order.parallelism, async (name) => {
    await api.post(rotatePath(name));
    tokens.set(name, await mintOne(name));
    await probe(name, tokens.get(name));
  });
  await pooled(order.names, PROBES, async (name) => {
    for (let i = 0; i < 3; i += 1) await probe(name, canaries.get(name), 401);
    await probe(name, tokens.get(name));
    await probe(name, canaries.get(name), 401);
  });
  await pooled(order.names, CHECKS, (name) => probe(name, tokens.get(name)));
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
  for (const name of order.names) {
    thrown += await throwing(() => databases.rotateTokens(name));
    await databases.createToken(name);
  }
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
  plain: (order) => plain(order).then(() => undefined),
  proof: (order) => proof(order).then(() => undefined),
  mint: (order) => mint(order).then(() => undefined),
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
