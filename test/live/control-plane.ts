/** The calls of the live test to the Platform API, with a record of each. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../../src/turso/connection";
import { organizationPath, targetPath } from "../../src/turso/endpoints";
import type { Target } from "../../src/values/scope";
import { exchange, type Answer, type Exchange, type Secrets } from "./exchange";

/** A call and its answer, without credentials. */
export interface Call {
  what: string;
  status: number | undefined;
  /** The beginning of the body. */
  body: string;
  tookMs: number;
}

/** A failure with a message for the person who runs the test. */
export class LiveError extends Error {}

const JWT = /^[\w.~+/=-]{1,8192}$/;
const DELETE_TRIES = 4;

export const isSuccess = ({ status }: Pick<Answer, "status">): boolean =>
  status !== undefined && status >= 200 && status < 300;

export class ControlPlane {
  constructor(
    private readonly connection: Connection & { apiToken: string },
    private readonly organization: string,
    private readonly secrets: Secrets,
    private readonly signal: AbortSignal,
    private readonly pauseMs: number,
  ) {
    secrets.add(connection.apiToken);
  }

  /** Never sent twice: a second rotation would hide what the first one did. */
  async rotate(target: Target): Promise<Call> {
    const answer = await this.send({ method: "POST", path: `${this.path(target)}/auth/rotate` });
    return this.record(`rotate the ${target.kind}`, answer, this.secrets.clean(answer.text));
  }

  /** Mints a token that can only read and expires soon. */
  async mint(target: Target, expiration: string, what: string): Promise<{ call: Call; jwt?: string }> {
    const answer = await this.send({
      method: "POST",
      path: `${this.path(target)}/auth/tokens`,
      query: { expiration, authorization: "read-only" },
    });
    if (!isSuccess(answer)) return { call: this.record(what, answer, this.secrets.clean(answer.text)) };
    const jwt = jwtIn(answer.text);
    if (jwt !== undefined) this.secrets.add(jwt);
    const call = this.record(what, answer, this.secrets.shape(answer.text));
    return { call, ...(jwt !== undefined && { jwt }) };
  }

  /** The version of a group, which may tell the generation of its servers. */
  async versionOf(group: string): Promise<string> {
    const { text } = await this.send({ method: "GET", path: this.path({ kind: "group", name: group }) });
    const version = member(member(parse(text), "group"), "version");
    return typeof version === "string" ? this.secrets.clean(version) : "unknown";
  }

  async create(name: string, group: string): Promise<void> {
    const path = `${organizationPath(this.organization)}/databases`;
    const answer = await this.send({ method: "POST", path, body: { name, group } });
    if (!isSuccess(answer))
      throw new LiveError(
        `Creating the database ${name}: ${this.describe(answer)}. No token was invalidated.`,
      );
  }

  /** Deletes a database, also after an interruption. Returns why it may still exist, or undefined. */
  async delete(name: string): Promise<string | undefined> {
    const path = this.path({ kind: "database", name });
    for (let tries = 1; ; tries += 1) {
      const answer = await this.send({ method: "DELETE", path, signal: undefined });
      if (isSuccess(answer) || answer.status === 404) return undefined;
      if (tries === DELETE_TRIES) return this.describe(answer);
      await sleep(this.pauseMs * tries);
    }
  }

  private path(target: Target): string {
    return targetPath(this.organization, target);
  }

  private describe({ status, text }: Answer): string {
    return status === undefined ? this.secrets.clean(text) : `status ${status}, ${this.secrets.clean(text)}`;
  }

  private record(what: string, { status, tookMs }: Answer, body: string): Call {
    return { what, status, body, tookMs };
  }

  private send({ path, ...request }: Omit<Exchange, "url" | "token"> & { path: string }): Promise<Answer> {
    const { apiUrl, apiToken } = this.connection;
    return exchange({ signal: this.signal, ...request, url: `${apiUrl}${path}`, token: apiToken });
  }
}

function jwtIn(text: string): string | undefined {
  const jwt = member(parse(text), "jwt");
  return typeof jwt === "string" && JWT.test(jwt) ? jwt : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
