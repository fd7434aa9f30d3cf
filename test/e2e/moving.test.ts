import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import path from "node:path";
import { PASSPHRASE, SHAPES, fixture } from "../fixtures/states/shapes";
import { manifest } from "../package/tarball";
import { inSandbox, type Sandbox } from "./sandbox";

const UP = ["up", "--yes", "--skip-preview", "--continue-on-error"];

/** Gives each dynamic resource of a program its native type as an alias. */
const WITH_ALIASES = `
pulumi.runtime.registerStackTransformation(({ type, props, opts }) => ({
  props,
  opts: pulumi.mergeOptions(opts, { aliases: [{ type: type.replace("pulumi-nodejs:dynamic/turso:", "turso-tokens:index:") }] }),
}));
`;

/** The types of this package's resources in the state. */
async function types(sandbox: Sandbox): Promise<string[]> {
  const { deployment } = JSON.parse(await sandbox.stack.state()) as {
    deployment: { resources: { type: string }[] };
  };
  const found = deployment.resources.map(({ type }) => type).filter((type) => /turso/.test(type));
  return [...new Set(found.filter((type) => !type.startsWith("pulumi:providers:")))].sort();
}

describe("moving a resource to the other host by an alias", () => {
  for (const [name, { program, databases = [], injectFaults, retried, rotated }] of Object.entries(SHAPES))
    it(`keeps a state in the shape "${name}" on the way to the native plugin and back`, () =>
      inSandbox(
        {
          program: program(1),
          isNative: true,
          serverGeneration: "current",
          env: { PULUMI_CONFIG_PASSPHRASE: PASSPHRASE },
        },
        async (sandbox) => {
          const { stack, turso } = sandbox;
          for (const database of databases) await turso.platform.createDatabase(database, "other");
          copyFileSync(fixture(manifest.version, name), path.join(stack.project, "state.json"));
          await stack.must("stack", "import", "--file", "state.json");
          assert.ok((await types(sandbox)).every((type) => type.startsWith("pulumi-nodejs:dynamic/")));

          await (injectFaults ? sandbox.fails(...UP) : stack.must(...UP));
          assert.ok((await types(sandbox)).every((type) => type.startsWith("turso-tokens:index:")));
          assert.deepEqual([...sandbox.rotations].sort(), retried);
          if (!injectFaults) assert.deepEqual(sandbox.calls, [], "moving sent a request");
          if (!injectFaults) await stack.must(...UP, "--expect-no-changes");
          await stack.must("refresh", "--yes", "--skip-preview");

          stack.write(program(2));
          await stack.must(...UP);
          assert.deepEqual(sandbox.rotations.slice(retried.length).sort(), rotated);

          for (const [key, value] of [
            ["apiUrl", turso.url],
            ["organization", "acme"],
            ["apiToken", turso.apiToken],
          ] as const)
            await stack.must("config", "set", "--plaintext", `turso:${key}`, value);
          turso.clearLog();
          stack.write(WITH_ALIASES + program(2), false);
          await stack.must(...UP);
          assert.ok((await types(sandbox)).every((type) => type.startsWith("pulumi-nodejs:dynamic/")));
          assert.deepEqual(sandbox.calls, [], "moving back sent a request");
          await stack.must("refresh", "--yes", "--skip-preview");
          await stack.must("destroy", "--yes", "--skip-preview");
          assert.equal(sandbox.rotations.length, retried.length + rotated.length);
        },
      ));
});
