import assert from "node:assert/strict";
import { copyFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { inSandbox, type Sandbox } from "../e2e/sandbox";
import { FOLDER, PASSPHRASE, SHAPES, fixture } from "../fixtures/states/shapes";
import { manifest } from "./tarball";

const NAME = /^(.*)-([a-z]+)\.json$/;
const fixtures = readdirSync(FOLDER).flatMap((file) => {
  const [, version, name] = NAME.exec(file) ?? [];
  return version !== undefined && name !== undefined ? [{ version, name }] : [];
});
const UP = ["up", "--yes", "--skip-preview", "--continue-on-error"];

/** The rotations of an act, sorted. */
async function rotatedBy(sandbox: Sandbox, act: () => Promise<unknown>): Promise<string[]> {
  const before = sandbox.rotations.length;
  await act();
  return sandbox.rotations.slice(before).sort();
}

/** The resources with a pending rotation. */
async function pending(sandbox: Sandbox): Promise<string[]> {
  const { deployment } = JSON.parse(await sandbox.stack.state()) as {
    deployment: { resources: { urn: string; outputs?: { pending?: unknown } }[] };
  };
  return deployment.resources.filter(({ outputs }) => outputs?.pending !== undefined).map(({ urn }) => urn);
}

describe("the state of an earlier release", () => {
  it("has a fixture of this version in every shape", () => {
    for (const name of Object.keys(SHAPES))
      assert.ok(
        fixtures.some((each) => each.version === manifest.version && each.name === name),
        `There is no state of ${manifest.version} in the shape "${name}": run \`npm run fixtures\`.`,
      );
  });

  for (const { version, name } of fixtures)
    it(`${version}, ${name}: an up rotates only the pending targets, and a changed trigger rotates all`, () => {
      const shape = SHAPES[name];
      assert.ok(shape, `there is no shape "${name}"`);
      const { program, databases = [], injectFaults, retried, rotated } = shape;
      const env = { PULUMI_CONFIG_PASSPHRASE: PASSPHRASE };
      return inSandbox({ program: program(1), serverGeneration: "current", env }, async (sandbox) => {
        for (const database of databases) await sandbox.turso.platform.createDatabase(database, "other");
        copyFileSync(fixture(version, name), path.join(sandbox.stack.project, "state.json"));
        await sandbox.stack.must("stack", "import", "--file", "state.json");
        assert.deepEqual(
          await rotatedBy(sandbox, () => (injectFaults ? sandbox.fails(...UP) : sandbox.stack.must(...UP))),
          retried,
        );
        if (!injectFaults) assert.deepEqual(sandbox.calls, [], "an up without changes sends no API requests");
        sandbox.stack.write(program(2));
        assert.deepEqual(await rotatedBy(sandbox, () => sandbox.stack.must(...UP)), rotated);
        assert.deepEqual(await pending(sandbox), [], "a rotation is still pending");
      });
    });
});
