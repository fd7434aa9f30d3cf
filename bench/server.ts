/**
 * An emulated Turso on loopback with a fixed latency, in a separate process, so that it shares no event loop with what is
 * measured: `node -r ts-node/register bench/server.ts WORLD`. For each command on standard input, it prints a
 * tally of the requests since the previous one. The process exits when its standard input is closed.
 */
import { createInterface } from "node:readline";
import { startEmulator, type Fault } from "../emulator/src";
import { GROUP, type Command, type Hello, type World } from "./protocol";
import { Observer } from "./observer";

/** No database answers any more, as behind a firewall that drops packets. */
const HANG: Fault = {
  plane: "data",
  path: /^/,
  when: "before",
  action: { type: "hang" },
  times: Infinity,
};

async function main(world: World): Promise<void> {
  const { databases, perGroup = databases, latencyMs, generation = "current" } = world;
  let isToHang = false;
  const observer = new Observer(generation === "legacy-group");
  const turso = await startEmulator({
    organization: "acme",
    serverGeneration: generation,
    latencyMs,
    deathDelayMs: world.deathDelayMs,
    requestsPerSecond: world.requestsPerSecond,
    onRequest: (entry) => {
      const kind = observer.record(entry);
      if (kind !== "rotate" || !isToHang) return;
      isToHang = false;
      turso.fault(HANG);
    },
  });
  const names = Array.from({ length: databases }, (_, i) => `tenant-${String(i).padStart(5, "0")}`);
  for (const [i, name] of names.entries()) {
    const group = perGroup >= databases ? GROUP : `${GROUP}-${Math.floor(i / perGroup)}`;
    if (i % perGroup === 0) turso.platform.createGroup(group);
    await turso.platform.createDatabase(name, group);
    observer.groups.set(name, group);
  }
  const hello: Hello = { url: turso.url, token: turso.apiToken, organization: turso.organization, names };
  console.log(JSON.stringify(hello));
  const commands: Record<Command, () => void> = {
    take: () => undefined,
    hang: () => turso.fault(HANG),
    "hang after a rotation": () => (isToHang = true),
    heal: () => turso.clearFaults(),
  };
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    commands[line as Command]();
    console.log(JSON.stringify(observer.take()));
    turso.clearLog();
  });
  lines.on("close", () => process.exit(0));
}

if (require.main === module) {
  // Ctrl-C reaches this process too, but the bench stops it by closing its input
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => process.exit(0));
  main(JSON.parse(process.argv[2] ?? "") as World).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
}
