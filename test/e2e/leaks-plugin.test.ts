import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "../../tools/stack";
import { JWT_LIKE, LeakDetector, PULUMI_ITSELF } from "./leak-detector";
import { Sandbox } from "./sandbox";

const NAME = "pulumi-resource-turso-tokens";
const PLUGIN = path.join(ROOT, "dist", "plugin", NAME);
const UP = ["up", "--yes", "--skip-preview"];
const LOGS = ["-v=3", "--logtostderr"];

const program = (trigger: number) =>
  `const scope = { databases: ["app", "reports"] };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "1s", mint: {} });
   exports.tokens = rotation.tokens;
   exports.token = new turso.AuthToken("t", { scope: { database: "app" }, rotation }).token;`;

/** A plugin that records its arguments, its environment and its output. */
const recorder = (folder: string): string => `#!/usr/bin/env bash
printf '%s\\n' "$@" >> '${folder}/arguments'
env >> '${folder}/environment'
exec > >(tee -a '${folder}/stdout') 2> >(tee -a '${folder}/stderr' >&2)
exec '${PLUGIN}' "$@"
`;

describe("the plugin's secrets stay encrypted, with the real CLI", () => {
  let detector: LeakDetector;
  let folder = "";
  const recorded = (name: string): string => readFileSync(path.join(folder, name), "utf8");

  before(async () => {
    const sandbox = await Sandbox.create({
      program: program(1),
      isNative: true,
      serverGeneration: "current",
    });
    detector = new LeakDetector(sandbox);
    const { stack, turso } = sandbox;
    folder = path.join(stack.folder, "recorded");
    mkdirSync(folder);
    const wrapper = path.join(stack.folder, "wrapper");
    mkdirSync(wrapper);
    writeFileSync(path.join(wrapper, NAME), recorder(folder), { mode: 0o755 });
    stack.writeFile("Pulumi.yaml", stack.readFile("Pulumi.yaml").replace(path.dirname(PLUGIN), wrapper));

    await detector.run("an up with its preview", false, "up", "--yes", "--diff");
    await detector.run("a refresh, logged", false, "refresh", "--yes", "--skip-preview", ...LOGS);
    stack.write(program(2));
    turso.fault({
      path: /reports\/auth\/rotate$/,
      when: "after",
      action: { type: "status", status: 500, body: JSON.stringify({ error: `bad ${turso.apiToken}` }) },
    });
    const lost = await detector.run("a lost answer, logged", false, ...UP, ...LOGS);
    assert.match(lost, /bad \[redacted\]/);
    await detector.run("an up as JSON", false, ...UP, "--json");
    await detector.keepFiles();
  });
  after(() => detector.sandbox.close());

  it("its arguments and its output contain none, and of its environment only PULUMI_CONFIG, the API token", () => {
    assert.match(recorded("arguments"), /^127\.0\.0\.1:\d+$/m);
    assert.match(recorded("stdout"), /^\d+$/m);
    for (const name of ["arguments", "stdout", "stderr"])
      assert.deepEqual(detector.found(recorded(name)), [], name);
    const lines = recorded("environment").split("\n");
    const leaking = lines.filter((line) => detector.found(line).length > 0 || JWT_LIKE.test(line));
    assert.ok(leaking.length > 0, "the engine passes no config any more: correct docs/languages.md");
    for (const line of leaking) {
      assert.match(line, /^PULUMI_CONFIG=/);
      assert.deepEqual(detector.found(line), [detector.sandbox.turso.apiToken]);
    }
  });

  it("the state, its backups, the history, the output and the log of the engine contain none", () => {
    assert.ok(detector.minted.length >= 6, "too few tokens were minted for this to prove anything");
    for (const { name, text } of detector.logs)
      for (const line of text.split("\n"))
        if (detector.found(line).length > 0 || JWT_LIKE.test(line))
          assert.ok(PULUMI_ITSELF.test(line), `${name}: ${line.slice(0, 120)}`);
    const artefacts = detector.artefacts.filter(({ name }) => !name.startsWith("recorded"));
    assert.ok(detector.logs.length === 3 && artefacts.length > 8);
    for (const { name, text } of artefacts) {
      assert.deepEqual(detector.found(text), [], `${name} contains a secret in plain text`);
      assert.doesNotMatch(text, JWT_LIKE, `${name} contains a JWT in plain text`);
    }
  });
});

describe("the plugin's process", () => {
  const old = (version: string): string =>
    `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "${version}" });`;

  for (const version of ["18.20.4", "20.18.3"])
    it(`says that Node.js ${version} is too old, and ends`, () => {
      const run = spawnSync(process.execPath, ["--import", old(version), PLUGIN, "127.0.0.1:1"], {
        encoding: "utf8",
      });
      assert.deepEqual(
        [run.status, run.stdout, run.stderr],
        [1, "", `${NAME} needs Node.js >=20.19, and this is ${version}. Install a newer one.\n`],
      );
    });

  it("prints its version with the oldest Node.js that is new enough", () => {
    const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      version: string;
    };
    const args = ["--import", old("20.19.0"), PLUGIN, "--version"];
    assert.equal(spawnSync(process.execPath, args, { encoding: "utf8" }).stdout, `${version}\n`);
  });
});
