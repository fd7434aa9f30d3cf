import { readFileSync } from "node:fs";
import { startEmulator, type Emulator } from "../../emulator/src";
import { Description } from "./description";
import { EXCHANGES, type Exchange } from "./requests";

const USAGE = `Compares the emulator's real answers with an OpenAPI description of Turso's Platform API.

usage: npm run test:contract -- FILE

  FILE    the OpenAPI description, as JSON
  --help  this text

Prints a row for each request. Exits with 1 if an answer differs from the description.`;

interface Row {
  endpoint: string;
  status: number;
  violations: string[];
}

/** Sends every request to an emulator of its own, and compares the answers. */
async function compare(description: Description, exchanges: Exchange[]): Promise<Row[]> {
  const emulator = await startEmulator({ organization: "acme" });
  emulator.createApiToken({ name: "revoked" });
  const rows: Row[] = [];
  try {
    const tokenId = await idOf(emulator, "revoked");
    for (const exchange of exchanges) rows.push(await send(emulator, description, exchange, tokenId));
  } finally {
    await emulator.close();
  }
  return rows;
}

async function idOf({ url, apiToken }: Emulator, wanted: string): Promise<string> {
  const headers = { authorization: `Bearer ${apiToken}` };
  const response = await fetch(`${url}/v1/auth/api-tokens`, { headers });
  const { tokens } = (await response.json()) as { tokens: { name: string; id: string }[] };
  return tokens.find(({ name }) => name === wanted)?.id ?? "";
}

async function send(
  { url, apiToken, organization }: Emulator,
  description: Description,
  { method, template, values, query = "", body, status }: Exchange,
  tokenId: string,
): Promise<Row> {
  const parameters: Record<string, string> = { organizationSlug: organization, ...values };
  if (template.includes("{tokenId}")) parameters["tokenId"] = tokenId;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? "");
  const response = await fetch(url + path + query, {
    method,
    headers: { authorization: `Bearer ${apiToken}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = {
    method,
    template,
    status: response.status,
    text: await response.text(),
    contentType: response.headers.get("content-type"),
  };
  const violations = description.violations(answer);
  if (response.status !== status) violations.unshift(`expected the status ${status}`);
  return { endpoint: `${method} ${template}${query}`, status: response.status, violations };
}

/** The command line without its process: prints, and returns the exit code. */
export async function main(
  args: readonly string[],
  print: (line: string) => void,
  exchanges: Exchange[] = EXCHANGES,
): Promise<number> {
  const [file, ...rest] = args;
  if (args.includes("--help")) {
    print(USAGE);
    return 0;
  }
  if (file === undefined || rest.length > 0) {
    print("Name one file with an OpenAPI description. See --help.");
    return 2;
  }
  const description = read(file);
  if (typeof description === "string") {
    print(description);
    return 2;
  }
  const rows = await compare(description, exchanges);
  const width = Math.max(...rows.map(({ endpoint }) => endpoint.length));
  for (const { endpoint, status, violations } of rows)
    print(`${endpoint.padEnd(width)}  ${status}  ${violations.join("; ") || "ok"}`);
  const total = rows.reduce((sum, { violations }) => sum + violations.length, 0);
  print(`${rows.length} requests, ${total} violations`);
  return total > 0 ? 1 : 0;
}

function read(file: string): Description | string {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    return `Could not read ${file}: ${(error as NodeJS.ErrnoException).code ?? "unknown error"}. See --help.`;
  }
  return Description.parse(text) ?? `${file} is not an OpenAPI description in JSON. See --help.`;
}
