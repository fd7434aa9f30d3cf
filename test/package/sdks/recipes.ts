import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../../tools/stack";
import { manifest } from "../tarball";
import { installSdks } from "./install";
import sdks from "./package.json";

const run = promisify(execFile);
const EXAMPLES = path.join(ROOT, "examples");
const RECIPES = readdirSync(EXAMPLES).filter((name) => name.startsWith("deliver-"));

interface Registered {
  type: string;
  name: string;
  inputs: Record<string, unknown>;
}

interface PackageFile {
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}

/** Pulumi's wire form of a secret. */
const secret = (value: string | object) => ({
  "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
  value,
});

let folder = "";

/** Compiles a recipe in a folder that has the SDKs and the packed package, and nothing of this repository. */
async function compile(name: string, change = (text: string): string => text): Promise<string> {
  const project = mkdtempSync(path.join(folder, `${name}-`));
  for (const file of ["package.json", "tsconfig.json"])
    cpSync(path.join(EXAMPLES, name, file), path.join(project, file));
  const program = readFileSync(path.join(EXAMPLES, name, "index.ts"), "utf8");
  writeFileSync(path.join(project, "index.ts"), change(program));
  const tsc = path.join(folder, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "--noEmit", "false", "--outDir", "out"], { cwd: project }).catch(
    (error: unknown) => {
      throw new Error((error as { stdout: string }).stdout, { cause: error });
    },
  );
  return path.join(project, "out", "index.js");
}

/** Runs a compiled program with mocks; each round stands for a rotation. */
async function register(program: string, round: number, config: object): Promise<Registered[]> {
  const mocks = path.join(__dirname, "mocks.js");
  const { stdout } = await run(process.execPath, [mocks, program, String(round)], {
    env: { ...process.env, CONFIG: JSON.stringify({ database: "app", trigger: round, ...config }) },
  });
  return JSON.parse(stdout) as Registered[];
}

/** The inputs of resources of a type, by name. */
const inputsOf = (all: Registered[], type: string): Record<string, Record<string, unknown>> =>
  Object.fromEntries(all.filter((each) => each.type === type).map(({ name, inputs }) => [name, inputs]));

/** What a recipe has to register after each of two rotations. */
interface Recipe {
  config: object;
  check: (all: Registered[], round: number) => void;
}

const RECIPE: Record<string, Recipe> = {
  "deliver-github-actions": {
    config: { repository: "orders" },
    check: (all, round) =>
      assert.deepEqual(inputsOf(all, "github:index/actionsSecret:ActionsSecret"), {
        secret: {
          repository: "orders",
          secretName: "TURSO_AUTH_TOKEN",
          value: secret(`token-${round}`),
        },
      }),
  },
  "deliver-cloudflare": {
    config: { accountId: "account", storeId: "store" },
    check: (all, round) =>
      assert.deepEqual(inputsOf(all, "cloudflare:index/secretsStoreSecret:SecretsStoreSecret"), {
        secret: {
          accountId: "account",
          storeId: "store",
          name: "TURSO_AUTH_TOKEN",
          scopes: ["workers"],
          value: secret(`token-${round}`),
        },
      }),
  },
  "deliver-vercel": {
    config: { projectId: "project" },
    check: (all, round) => {
      const variables = inputsOf(all, "vercel:index/projectEnvironmentVariable:ProjectEnvironmentVariable");
      assert.deepEqual(variables["variable"]?.["value"], secret(`token-${round}`));
      assert.equal(variables["variable"]?.["sensitive"], true);
      const deployments = inputsOf(all, "vercel:index/deployment:Deployment");
      assert.deepEqual(
        deployments["production"]?.["environment"],
        secret({ TURSO_TOKEN_MINTED_AT: `minted-${round}` }),
      );
      const order = all.map(({ type }) => type.split(":").at(-1));
      assert.deepEqual(order.slice(-2), ["ProjectEnvironmentVariable", "Deployment"]);
    },
  },
  "deliver-fly": {
    config: { app: "orders" },
    check: (all, round) => {
      const command = inputsOf(all, "command:local:Command")["secret"] ?? assert.fail("there is no command");
      assert.deepEqual(command["stdin"], secret(`TURSO_AUTH_TOKEN=token-${round}\n`));
      assert.deepEqual(command["triggers"], [`minted-${round}`]);
      // the arguments and the environment, which other processes can see, do not contain the token
      const { stdin, ...visible } = command as { stdin: { value: string } };
      assert.doesNotMatch(JSON.stringify(visible), /token-/);
      assert.deepEqual(runWithFlyctl(command, stdin.value), {
        args: "secrets import --app orders",
        input: stdin.value,
      });
    },
  },
  "deliver-kubernetes": {
    config: { image: "orders:1" },
    check: (all, round) => {
      const secrets = inputsOf(all, "kubernetes:core/v1:Secret");
      // the SDK marks the whole object as a secret
      assert.deepEqual(secrets["turso"], {
        apiVersion: "v1",
        kind: "Secret",
        stringData: secret({ TURSO_AUTH_TOKEN: `token-${round}` }),
      });
      const { spec } = inputsOf(all, "kubernetes:apps/v1:Deployment")["orders"] as {
        spec: {
          template: { metadata: { annotations: object }; spec: { containers: { envFrom: object }[] } };
        };
      };
      assert.deepEqual(spec.template.metadata.annotations, { "turso/token-minted-at": `minted-${round}` });
      assert.deepEqual(spec.template.spec.containers[0]?.envFrom, [{ secretRef: { name: "turso-1a2b3c" } }]);
    },
  },
  "deliver-aws-secrets-manager": {
    config: { databases: ["ada", "grace"] },
    check: (all, round) =>
      assert.deepEqual(inputsOf(all, "aws:secretsmanager/secretVersion:SecretVersion"), {
        ada: { secretId: "ada-id", secretString: secret(`token-ada-${round}`) },
        grace: { secretId: "grace-id", secretString: secret(`token-grace-${round}`) },
      }),
  },
};

/** Runs a command's shell text as the provider would, with a `flyctl` that records its arguments and input. */
function runWithFlyctl({ create, environment }: Record<string, unknown>, input: string): object {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, "flyctl"), '#!/bin/sh\necho "$@"\ncat\n', { mode: 0o755 });
  const PATH = `${bin}${path.delimiter}${process.env["PATH"] ?? ""}`;
  const env = { ...process.env, ...(environment as object), PATH };
  const { stdout } = spawnSync(String(create), { shell: true, input, encoding: "utf8", env });
  const [args, ...rest] = stdout.split("\n");
  return { args, input: rest.join("\n") };
}

describe("a delivery recipe, with the packed package and the SDK of its provider", function () {
  // the first run installs the SDKs
  this.timeout(900_000);

  before(async () => (folder = await installSdks()));
  afterEach(() => {
    for (const name of readdirSync(folder))
      if (name.startsWith("deliver-") || name === "bin") rmSync(path.join(folder, name), { recursive: true });
  });

  it("is one of those tested here", () => {
    assert.deepEqual(RECIPES, Object.keys(RECIPE).sort());
  });

  for (const [name, { config, check }] of Object.entries(RECIPE)) {
    it(`compiles, and sends each new token as a secret: ${name}`, async () => {
      const program = await compile(name);
      for (const round of [1, 2]) check(await register(program, round, config), round);
    });

    it(`names all packages that it needs, in the versions tested here: ${name}`, () => {
      const program = readFileSync(path.join(EXAMPLES, name, "index.ts"), "utf8");
      const { dependencies, devDependencies } = JSON.parse(
        readFileSync(path.join(EXAMPLES, name, "package.json"), "utf8"),
      ) as PackageFile;
      const imported = [...program.matchAll(/ from "((?:@[\w-]+\/)?[\w-]+)/g)].map(([, each]) => each);
      assert.deepEqual([...imported].sort(), Object.keys(dependencies).sort());
      assert.deepEqual(Object.keys(devDependencies), ["@types/node", "pulumi", "typescript"]);
      const sdk = Object.keys(dependencies).find((each) => !["@pulumi/pulumi", manifest.name].includes(each));
      const tested = (sdks.dependencies as Record<string, string>)[sdk ?? ""];
      assert.equal(dependencies[sdk ?? ""], `^${tested}`);
    });

    it(`takes its compiler options from the quickstart, which is tested with each compiler: ${name}`, () => {
      const read = (folder: string) => readFileSync(path.join(EXAMPLES, folder, "tsconfig.json"), "utf8");
      assert.equal(read(name), read("quickstart"));
    });
  }

  it("does not compile with a property that the SDK does not have", () =>
    assert.rejects(
      compile("deliver-github-actions", (text) => text.replace("secretName:", "secretNam:")),
      /index\.ts\(\d+,\d+\): error TS2561: .*'secretNam'/,
    ));
});
