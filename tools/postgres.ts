import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { accessSync, chmodSync, chownSync, constants, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createConnection, createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const START_LIMIT_MS = 30_000;
const DEBIAN_FOLDER = "/usr/lib/postgresql";
const MISSING =
  "There is no PostgreSQL server on this machine: install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql) and put its programs on PATH.";

/** A PostgreSQL server on loopback with a database of its own, in a temporary folder. */
export class Postgres {
  private constructor(
    private readonly folder: string,
    private readonly server: ChildProcess,
    /** For PULUMI_BACKEND_URL. */
    readonly url: string,
  ) {}

  /** Installs the server first if there is none, where this may be done. */
  static async start(): Promise<Postgres> {
    const bin = findServer() ?? install();
    const folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-postgres-"));
    try {
      const user = owner();
      if (user) chownSync(folder, user.uid, user.gid);
      chmodSync(folder, 0o700);
      const data = path.join(folder, "data");
      const settings = ["--auth=trust", "--username=pulumi", "--encoding=UTF8", "--no-locale", "--no-sync"];
      const made = spawnSync(path.join(bin, "initdb"), [...settings, data], {
        ...user,
        cwd: folder,
        encoding: "utf8",
      });
      if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
      const port = await freePort();
      const options = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
      const server = spawn(path.join(bin, "postgres"), [...options, "-k", folder], {
        ...user,
        cwd: folder,
        stdio: "ignore",
      });
      const postgres = new Postgres(
        folder,
        server,
        `postgres://pulumi@127.0.0.1:${port}/postgres?sslmode=disable`,
      );
      process.once("exit", postgres.kill);
      await postgres.ready(port);
      return postgres;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends the server and removes its folder. */
  async close(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = new Promise((resolve) => this.server.once("exit", resolve));
      this.server.kill("SIGINT"); // a fast shutdown: its processes end with it
      await ended;
    }
    process.off("exit", this.kill);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private readonly kill = (): void => {
    this.server.kill("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  };

  private async ready(port: number): Promise<void> {
    const start = Date.now();
    for (;;) {
      if (this.server.exitCode !== null)
        throw new Error(`PostgreSQL ended with ${this.server.exitCode} when it was started.`);
      if (await answers(port)) return;
      if (Date.now() - start > START_LIMIT_MS) {
        await this.close();
        throw new Error(`PostgreSQL did not start within ${START_LIMIT_MS / 1000} s.`);
      }
      await sleep(50);
    }
  }
}

/** The folder of the server's programs: on PATH, else where Debian puts them, the newest first. */
function findServer(): string | undefined {
  const installed = accessible(DEBIAN_FOLDER)
    ? readdirSync(DEBIAN_FOLDER)
        .sort((a, b) => Number(b) - Number(a))
        .map((version) => path.join(DEBIAN_FOLDER, version, "bin"))
    : [];
  return [...(process.env["PATH"] ?? "").split(path.delimiter), ...installed].find((folder) =>
    ["initdb", "postgres"].every((program) => accessible(path.join(folder, program))),
  );
}

function install(): string {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || spawnSync("apt-get", ["--version"]).status !== 0) throw new Error(MISSING);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { env, stdio: "ignore" });
  const { stderr } = spawnSync("apt-get", ["install", "-qq", "--no-install-recommends", "postgresql"], {
    env,
    encoding: "utf8",
  });
  const found = findServer();
  if (found === undefined) throw new Error(`${MISSING}\napt-get install postgresql was tried: ${stderr}`);
  return found;
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made, else as nobody. */
function owner(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) =>
    ["postgres", "nobody"]
      .map((name) => spawnSync("id", [flag, name], { encoding: "utf8" }))
      .find(({ status }) => status === 0)?.stdout;
  const [uid, gid] = [Number(id("-u")), Number(id("-g"))];
  if (!uid || !gid)
    throw new Error("PostgreSQL does not run as root, and there is no user postgres or nobody.");
  return { uid, gid };
}

function accessible(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

/**
 * Whether it takes a session. It listens before it does, so it is asked for one: the protocol's version and the user,
 * to which it answers R (authentication) or, while it starts up, E.
 */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const parameters = Buffer.from("user\0pulumi\0database\0postgres\0\0");
    const startup = Buffer.concat([Buffer.alloc(8), parameters]);
    startup.writeInt32BE(startup.length, 0);
    startup.writeInt32BE(0x0003_0000, 4);
    const socket = createConnection({ host: "127.0.0.1", port }, () => socket.write(startup));
    const end = (isReady: boolean): void => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1_000, () => end(false));
    socket.once("data", (data) => end(data.toString("latin1", 0, 1) === "R"));
    socket.once("error", () => end(false));
    socket.once("close", () => end(false));
  });
}
