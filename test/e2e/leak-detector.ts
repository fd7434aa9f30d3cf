import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Sandbox } from "./sandbox";

export const JWT_LIKE = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;

/**
 * What Pulumi itself logs for every resource of any package: the payloads of its calls at -v=9, and the Node SDK's
 * record of a registration (at -v=8 too, with --debug, and in the events of `up --json`).
 */
export const PULUMI_ITSELF =
  /(?:"msg":"(?:M|Unm)arshaling property for RPC\[|"(?:msg":"|message":").*RegisterResource RPC finished: )/;

interface Artefact {
  name: string;
  text: string;
}

/** Collects everything that a stack's runs write, and every secret that they could have leaked. */
export class LeakDetector {
  readonly minted: string[] = [];
  readonly artefacts: Artefact[] = [];
  readonly logs: Artefact[] = [];

  constructor(readonly sandbox: Sandbox) {
    const { platform } = sandbox.turso;
    for (const kind of ["mintDatabaseToken", "mintGroupToken"] as const) {
      const mint = platform[kind].bind(platform);
      platform[kind] = async (...args) => {
        const jwt = await mint(...args);
        this.minted.push(jwt);
        return jwt;
      };
    }
  }

  get secrets(): string[] {
    return [this.sandbox.turso.apiToken, ...this.minted];
  }

  /** Runs the CLI and keeps its output; debug logs are kept separately. */
  async run(name: string, fails: boolean, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sandbox.stack.run(...args);
    assert.equal(code !== 0, fails, `${name}: ${stdout}${stderr}`);
    const isDebugged = args.includes("--logtostderr") || (args[0] === "up" && args.includes("--json"));
    (isDebugged ? this.logs : this.artefacts).push({ name, text: stdout + stderr });
    return stdout + stderr;
  }

  /** Keeps the files of the backend (with each run's history and backups), the CLI's home and the project. */
  async keepFiles(): Promise<void> {
    const { folder } = this.sandbox.stack;
    this.artefacts.push({ name: "the exported state", text: await this.sandbox.stack.state() });
    for (const file of filesIn(folder))
      this.artefacts.push({ name: path.relative(folder, file), text: readFileSync(file, "latin1") });
    this.artefacts.push({ name: "the emulator's log", text: JSON.stringify(this.sandbox.turso.log) });
  }

  /** The secrets that a text contains: as a whole, in part, or encoded. */
  found(text: string): string[] {
    const forms = (secret: string) => [
      secret.slice(-20),
      Buffer.from(secret).toString("base64").slice(0, -4),
      Buffer.from(secret).toString("hex"),
    ];
    return this.secrets.filter((secret) => forms(secret).some((form) => text.includes(form)));
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(file);
    return entry.isFile() ? [file] : []; // neither links nor pipes: reading a pipe never ends
  });
}
