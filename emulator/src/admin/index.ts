import type { FastifyInstance } from "fastify";
import { ApiError } from "../errors";
import type { Fault } from "../faults";
import { speakJson } from "../instrument";
import type { LogEntry } from "../log";
import type { Platform } from "../platform";
import { InputError, parseFault } from "../seed";
import { rotationReport } from "./rotations";

/** What the control endpoint reads and changes. */
export interface Admin {
  platform: Platform;
  organization: string;
  log: readonly LogEntry[];
  faults: { add(fault: Fault): void; clear(): void; list(): object[] };
  reset(): Promise<void>;
}

/** Outside Turso's paths. Requests to it need no token, are not logged, and meet no fault and no rate limit. */
export const ADMIN_PREFIX = "/_emulator";

/** Asks the emulator what happened, and prepares what happens next. */
export function adminEndpoints(app: FastifyInstance, admin: Admin): void {
  speakJson(app, `unknown: see GET ${ADMIN_PREFIX}/state, /rotations, /requests, /faults`);
  const { platform, faults } = admin;

  app.get("/state", () => ({
    organization: admin.organization,
    serverGeneration: platform.options.serverGeneration,
    groups: platform.groups().map(({ name, serverGeneration }) => ({
      name,
      serverGeneration,
      databases: platform
        .databases(name)
        .map((each) => ({ name: each.name, url: `http://${each.hostname}` })),
    })),
    rotations: platform.rotations.length,
    requests: admin.log.length,
    faults: faults.list(),
  }));
  app.get("/rotations", () => rotationReport(platform));
  app.get("/requests", () => ({ requests: admin.log }));

  app.get("/faults", () => ({ faults: faults.list() }));
  app.post("/faults", ({ body }, reply) => {
    const wanted = read(body);
    for (const fault of wanted) faults.add(fault);
    reply.code(201);
    return { faults: faults.list() };
  });
  app.delete("/faults", () => {
    faults.clear();
    return { faults: [] };
  });

  app.post("/reset", async () => {
    await admin.reset();
    return { reset: true };
  });
}

/** One fault or a list of them; if one is wrong, none is added. */
function read(body: unknown): Fault[] {
  try {
    return [body].flat().map((each) => parseFault(each, "fault"));
  } catch (error) {
    throw error instanceof InputError ? new ApiError(400, error.message) : error;
  }
}
