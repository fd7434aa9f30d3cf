import type { FastifyInstance } from "fastify";
import { ApiError } from "../errors";
import type { Database } from "../platform";
import { ORGANIZATION, READ, type EndpointContext, type OfDatabase } from "./request";

/** Each database has one instance. Nothing is metered: every usage is 0. */
export function instanceEndpoints(app: FastifyInstance, { platform }: EndpointContext): void {
  const path = `${ORGANIZATION}/databases/:database`;
  app.get<OfDatabase>(`${path}/instances`, READ, ({ params }) => ({
    instances: [describeInstance(platform.database(params.database))],
  }));
  app.get<{ Params: { database: string; instance: string } }>(
    `${path}/instances/:instance`,
    READ,
    ({ params }) => {
      const database = platform.database(params.database);
      if (params.instance !== database.group.location) throw new ApiError(404, "instance not found");
      return { instance: describeInstance(database) };
    },
  );
  app.get<OfDatabase>(`${path}/usage`, READ, ({ params, query }) => {
    const { id } = platform.database(params.database);
    requireTime("from", query);
    requireTime("to", query);
    const usage = { rows_read: 0, rows_written: 0, storage_bytes: 0, bytes_synced: 0 };
    return { database: { uuid: id, instances: [{ uuid: id, usage }], total: usage } };
  });
}

function describeInstance({ id, hostname, group: { location } }: Database): object {
  return { uuid: id, name: location, type: "primary", region: location, hostname };
}

function requireTime(name: "from" | "to", query: unknown): void {
  const text = (query as Record<string, string | undefined>)[name];
  if (text === undefined) return;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text);
  if (isTime && !Number.isNaN(Date.parse(text))) return;
  const layout = "2006-01-02T15:04:05Z07:00";
  throw new ApiError(400, `invalid ${name} parameter: parsing time "${text}" as "${layout}"`);
}
