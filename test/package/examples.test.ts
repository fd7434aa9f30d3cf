import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { killTree } from "../../tools/kill-tree.js";
import { ROOT } from "../../tools/stack";
import { inSandbox, type Sandbox } from "../e2e/sandbox";
import { pin } from "./example";
import { NPM, must } from "./program";
import { manifest } from "./tarball";

const EXAMPLES = path.join(ROOT, "examples");
/** The compiler that the examples ask for, and the newest that Pulumi runs programs with. */
const COMPILERS = [manifest.devDependencies["typescript"], "6.0.3"];
/** What a trial of an example leaves in its folder, and git ignores. */
const LEFT = /^(node_modules|database-token|package-lock\.json|Pulumi\..+\.yaml)$/;

interface Example {
  config: Record<string, string>;
  /** How many rotations the first `up` sends. */
  rotations: number;
  databases?: string[];
  /** A compiler besides, because sdks/compilers.ts leaves a file of the example to this test. */
  compiler?: string;
  check?: (sandbox: Sandbox) => Promise<void>;
}

const EXAMPLE: Record<string, Example> = {
  quickstart: { config: { group: "default", trigger: "1" }, rotations: 1 },
  scheduled: { config: { group: "default", deliver: "cat > delivered" }, rotations: 1 },
  fleet: {
    config: { trigger: "1" },
    rotations: 3,
    databases: ["tenant-ada", "tenant-grace", "tenant-linus"],
  },
  "fleet-all": { config: { trigger: "1", group: "default" }, rotations: 1 },
  deliver: { config: { database: "app", rotation: "1" }, rotations: 1, compiler: "5.0.4", check: serves },
};

/** The example's servers start with the example's own ts-node and compiler. */
async function serves(sandbox: Sandbox): Promise<void> {
  for (const script of ["server", "sync-server"]) await starts(sandbox, script);
}

async function starts(sandbox: Sandbox, script: string): Promise<void> {
  const child = spawn("npm", ["run", script], {
    cwd: sandbox.stack.project,
    env: { ...process.env, TOKEN_FILE: "database-token", DATABASE_URL: "http://127.0.0.1:9" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    let printed = "";
    child.stdout.on("data", (chunk) => (printed += String(chunk)));
    while (!printed.includes("listening on")) {
      await Promise.race([once(child.stdout, "data"), once(child, "close")]);
      assert.equal(child.exitCode, null, printed);
    }
  } finally {
    if (child.pid !== undefined) killTree(child.pid);
  }
}

describe("an example that is copied into an empty folder, with the packed package and nothing else", function () {
  // each example downloads and unpacks its own packages
  this.timeout(600_000);

  it("is one of those tested here", () => {
    const folders = readdirSync(EXAMPLES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    // sdks.test.ts tests the recipes, whose SDKs are large, yaml.test.ts the program in YAML, and test/e2e the one in Python
    const elsewhere = (name: string) => name.startsWith("deliver-") || ["python", "yaml"].includes(name);
    const names = folders.map(({ name }) => name).filter((name) => !elsewhere(name));
    assert.deepEqual(names.sort(), Object.keys(EXAMPLE).sort());
  });

  for (const [name, example] of Object.entries(EXAMPLE))
    it(`installs, compiles and rotates: ${name}`, () => {
      const files = readdirSync(path.join(EXAMPLES, name)).filter((file) => !LEFT.test(file));
      const options = {
        ownPackages: true,
        copy: { from: `examples/${name}`, files },
        config: example.config,
        env: { PULUMI_NODEJS_TRANSPILE_ONLY: undefined },
        serverGeneration: "current" as const,
      };
      return inSandbox(options, async (sandbox) => {
        for (const database of example.databases ?? [])
          await sandbox.turso.platform.createDatabase(database, "default");
        pin(sandbox);
        for (const compiler of [...(example.compiler ? [example.compiler] : []), ...COMPILERS]) {
          await must(sandbox, [...NPM, `typescript@${compiler}`]);
          await must(sandbox, ["npm", "run", "check"]);
        }
        // with the newest compiler; the end-to-end tests run it with the other one
        await sandbox.up();
        assert.equal(sandbox.rotations.length, example.rotations);
        await example.check?.(sandbox);
      });
    });
});
