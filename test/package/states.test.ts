import assert from "node:assert/strict";
import { copyFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { inWorld, type World } from "../e2e/world";
import { FOLDER, PASSPHRASE, SHAPES, fixture } from "../fixtures/states/shapes";
import { manifest } from "./tarball";

const NAME = /^(.*)-([a-z]+)\.json$/;
const fixtures = readdirSync(FOLDER).flatMap((file) => {
  const [, version, name] = NAME.exec(file) ?? [];
  return version !== undefined && name !== undefined ? [{ version, name }] : [];
});
const UP = ["up", "--yes", "--skip-preview", "--continue-on-error"];

/** What a command rotates, in the order of names. */
async function rotatedBy(world: World, act: () => Promise<unknown>): Promise<string[]> {
  const before = world.rotations.length;
  await act();
  return world.rotations.slice(before).sort();
}

/** The resources that have something left to do. */
async function pending(world: World): Promise<string[]> {
  const { deployment } = JSON.parse(await world.stack.state()) as {
    deployment: { resources: { urn: string; outputs?: { pending?: unknown } }[] };
  };
  return deployment.resources.filter(({ outputs }) => outputs?.pending !== undefined).map(({ urn }) => urn);
}

describe("the state of an earlier release", () => {
  it("is kept in every shape, of this version too", () => {
    for (const name of Object.keys(SHAPES))
      assert.ok(
        fixtures.some((each) => each.version === manifest.version && each.name === name),
        `There is no state of ${manifest.version} in the shape "${name}": run \`npm run fixtures\`.`,
      );
  });

  for (const { version, name } of fixtures)
    it(`${version}, ${name}: is read, rotates only what it owes, and then on its trigger alone`, () => {
      const shape = SHAPES[name];
      assert.ok(shape, `no shape is called ${name}`);
      const { program, databases = [], disturb, owed, due } = shape;
      const env = { PULUMI_CONFIG_PASSPHRASE: PASSPHRASE };
      return inWorld({ program: program(1), serverGeneration: "current", env }, async (world) => {
        for (const database of databases) await world.turso.platform.createDatabase(database, "other");
        copyFileSync(fixture(version, name), path.join(world.stack.project, "state.json"));
        await world.stack.must("stack", "import", "--file", "state.json");
        assert.deepEqual(
          await rotatedBy(world, () => (disturb ? world.fails(...UP) : world.stack.must(...UP))),
          owed,
        );
        if (!disturb) assert.deepEqual(world.calls, [], "an up without changes asks the API nothing");
        world.stack.write(program(2));
        assert.deepEqual(await rotatedBy(world, () => world.stack.must(...UP)), due);
        assert.deepEqual(await pending(world), [], "what was left to do is done");
      });
    });
});
