import { createClient, type Client } from "@libsql/client";
import { startEmulator, type Emulator, type EmulatorOptions } from "../../emulator/src";

export interface Answer {
  status: number;
  text: string;
  json: unknown;
  headers: Headers;
}

export interface Asking {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export const ORGANIZATION = "/v1/organizations/acme";

const running = new Set<Emulator>();

/** `closeAll` closes it, whether the test passes or fails. */
export async function emulate(options?: EmulatorOptions): Promise<Emulator> {
  const emulator = await startEmulator(options);
  running.add(emulator);
  return emulator;
}

/** With the groups `default` (databases `app`, `reports`) and `other` (database `shop`). */
export async function seeded(options?: EmulatorOptions): Promise<Emulator> {
  const emulator = await emulate(options);
  emulator.platform.createGroup("default");
  emulator.platform.createGroup("other");
  await emulator.platform.createDatabase("app", "default");
  await emulator.platform.createDatabase("reports", "default");
  await emulator.platform.createDatabase("shop", "other");
  return emulator;
}

export async function closeAll(): Promise<void> {
  await Promise.all([...running].map((emulator) => emulator.close()));
  running.clear();
}

/** A client of the database `app` with an empty table `t`, and the emulator that serves it, anew for each test. */
export function useTable() {
  const used = {} as { emulator: Emulator; token: string; client: Client };
  beforeEach(async () => {
    used.emulator = await seeded({ streamExpiryMs: 200 });
    used.token = await used.emulator.platform.mintDatabaseToken("app");
    used.client = createClient({ url: hostOf(used.emulator, "app"), authToken: used.token });
    await used.client.execute("create table t (id integer primary key, value)");
  });
  afterEach(async () => {
    used.client.close();
    await closeAll();
  });
  const count = async (): Promise<unknown> =>
    (await used.client.execute("select count(*) as n from t")).rows[0]?.["n"];
  return Object.assign(used, { count });
}

async function send(url: string, method: string, { token, body, headers }: Asking): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
  return {
    status: response.status,
    text,
    json: isJson ? JSON.parse(text) : undefined,
    headers: response.headers,
  };
}

/** A request to the control plane; with the unrestricted API token by default. */
export function call(emulator: Emulator, method: string, path: string, asking: Asking = {}): Promise<Answer> {
  return send(emulator.url + path, method, { token: emulator.apiToken, ...asking });
}

export function hostOf(emulator: Emulator, database: string): string {
  return `http://${emulator.platform.database(database).hostname}`;
}

export type Version = "v2" | "v3";

/** A raw pipeline: without a token unless given. */
export function pipeline(
  emulator: Emulator,
  database: string,
  token: string | null,
  requests: unknown,
  { version = "v2", baton = null }: { version?: Version; baton?: string | null } = {},
): Promise<Answer> {
  return send(`${hostOf(emulator, database)}/${version}/pipeline`, "POST", {
    token,
    body: { baton, requests },
  });
}

export const execute = (sql: string): object => ({ type: "execute", stmt: { sql } });
export const CLOSE = { type: "close" };

/** The status that a token gets for `select 1`: 200 accepted, 401 rejected. */
export async function probe(emulator: Emulator, database: string, token: string): Promise<number> {
  return (await pipeline(emulator, database, token, [execute("select 1"), CLOSE])).status;
}
