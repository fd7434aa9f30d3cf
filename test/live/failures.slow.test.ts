import assert from "node:assert/strict";
import type { Emulator } from "../../emulator/src";
import { closeAll, emulate, namesOf, reach, reached, run } from "./support";

const ROTATE = /\/auth\/rotate$/;
const MINT = /\/auth\/tokens\?/;
const status = (code: number) => ({ type: "status", status: code }) as const;

const changesOf = ({ log }: Emulator) => log.filter(({ changed }) => changed === true);

describe("the live test, when something goes wrong,", function () {
  this.timeout(20_000);
  afterEach(closeAll);

  it("says in one sentence that the group does not exist, and changes nothing", async () => {
    const emulator = await emulate();
    const { page, problem } = await run(emulator, { group: "typo" });
    assert.equal(
      problem,
      'Looking up acme/groups/typo: the API answered 404 (group not found). Nothing was changed. Check the name of the group "typo" and the organization "acme".',
    );
    assert.equal(page, undefined);
    assert.deepEqual(
      emulator.log.map(({ method }) => method),
      ["GET"],
    );
  });

  it("rotates and creates nothing unless a person types the group's name", async () => {
    const emulator = await emulate();
    for (const typed of ["", "y", "scratch2"]) {
      const { page, problem, lines } = await run(
        emulator,
        { isConfirmed: false },
        { confirm: () => Promise.resolve(typed) },
      );
      assert.equal(problem, "Not confirmed. Nothing was rotated or created.");
      assert.equal(page, undefined);
      assert.match(
        String(lines[0]),
        /^This rotates the database live-test-\S+ and then the group scratch of acme at http:/,
      );
      assert.match(
        String(lines[1]),
        /^Every token of the group and of its databases becomes invalid: live-test-/,
      );
    }
    assert.deepEqual(changesOf(emulator), []);
  });

  it("rotates once a person has typed the group's name", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    const confirm = () => Promise.resolve("scratch\n");
    assert.equal((await run(emulator, { isConfirmed: false }, { confirm })).problem, undefined);
    assert.equal(emulator.platform.rotations.length, 2);
  });

  it("deletes its first database when the second cannot be created", async () => {
    const emulator = await emulate();
    emulator.fault({ method: "POST", path: /\/databases$/, when: "before", action: status(402), skip: 1 });
    const { problem } = await run(emulator);
    assert.match(
      problem ?? "",
      /^Creating the database live-test-\S+: status 402, {"error":"fault: status 402"}\. No token was invalidated\.$/,
    );
    assert.deepEqual([namesOf(emulator), emulator.platform.rotations], [[], []]);
  });

  it("deletes a database whose creation had a lost response", async () => {
    const emulator = await emulate();
    emulator.fault({ method: "POST", path: /\/databases$/, when: "after", action: { type: "drop" } });
    const { problem } = await run(emulator);
    assert.match(
      problem ?? "",
      /^Creating the database live-test-\S+: no answer \(.+\)\. No token was invalidated\.$/,
    );
    assert.equal(changesOf(emulator).length, 2); // created and deleted
    assert.deepEqual(namesOf(emulator), []);
  });

  it("rotates nothing if no token can be minted to watch", async () => {
    const emulator = await emulate();
    emulator.fault({ path: MINT, when: "before", action: status(403), skip: 2 });
    const { problem } = await run(emulator);
    assert.equal(problem, 'Minting a token of the group: status 403, {"error":"fault: status 403"}.');
    assert.deepEqual([namesOf(emulator), emulator.platform.rotations], [[], []]);
  });

  it("rotates nothing if a token is not accepted beforehand", async () => {
    const emulator = await emulate();
    emulator.fault({ plane: "data", path: /./, when: "before", action: status(503), times: 1_000 });
    const { problem } = await run(emulator);
    assert.equal(
      problem,
      'The token of database A is not accepted on database A before the rotation: status 503, {"error":"fault: status 503"}.',
    );
    assert.deepEqual([namesOf(emulator), emulator.platform.rotations], [[], []]);
  });

  it("waits for a new database that is not reachable immediately", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    emulator.fault({ plane: "data", path: /./, when: "before", action: status(404), times: 3 });
    assert.equal((await run(emulator)).problem, undefined);
  });

  it("watches the tokens although the rotation's response was lost, and does not send it again", async () => {
    const emulator = await emulate();
    emulator.fault({ path: ROTATE, when: "after", action: { type: "drop" } });
    const { page, problem } = await run(emulator);
    assert.match(page ?? "", /answered with nothing and `no answer \(.+\)` after/);
    assert.equal(reach(page, /^Rotating database A/)["old, database A on A"], "rejected");
    assert.equal(problem, undefined);
    assert.equal(emulator.platform.rotations.length, 2);
  });

  it("records that minting failed after the rotation, and mints again", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    emulator.fault({ path: MINT, when: "before", action: status(500), skip: 3, times: 2 });
    const { page = "" } = await run(emulator);
    assert.equal(page.match(/^\| mint a token of database A, after +\| 500 /gm)?.length, 2);
    assert.deepEqual(
      reach(page, /^Rotating database A/),
      reached("rejected", "rejected", "rejected", "rejected"),
    );
  });

  it("keeps what it observed before a later failure", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" });
    emulator.fault({ path: MINT, when: "before", action: status(403), skip: 6 });
    const { page = "", problem } = await run(emulator);
    assert.match(problem ?? "", /^Minting a token of database A: status 403/);
    assert.match(page, /^#### Rotating database A$/m);
    assert.doesNotMatch(page, /^#### Rotating the group$/m);
    assert.deepEqual(namesOf(emulator), []);
  });

  it("says that nothing was rotated if the API token may not rotate", async () => {
    const emulator = await emulate();
    emulator.fault({ path: ROTATE, when: "before", action: status(403), times: 2 });
    const { page = "", problem } = await run(emulator);
    assert.equal(problem, "Turso carried out neither rotation.");
    assert.match(page, /^\*\*Nothing was rotated\.\*\*$/m);
  });

  it("tries to delete again, and reports a database that it could not delete", async () => {
    const emulator = await emulate({ serverGeneration: "legacy-group" }, ["mine"]);
    emulator.fault({ method: "DELETE", path: /./, when: "before", action: status(500), times: 3 });
    await run(emulator);
    assert.deepEqual(namesOf(emulator), ["mine"]);
    emulator.fault({ method: "DELETE", path: /./, when: "before", action: status(500), times: 4 });
    const { lines } = await run(emulator);
    assert.match(
      String(lines.at(-1)),
      /^could not delete the database live-test-\S+ \(status 500, .+\): delete it yourself$/,
    );
  });

  it("stops when it is interrupted, and deletes its databases", async () => {
    const emulator = await emulate({ deathDelayMs: 60_000 });
    const controller = new AbortController();
    const lines: string[] = [];
    const say = (line: string) => {
      lines.push(line);
      if (line.includes("the new token of database A on A is accepted")) controller.abort();
    };
    const { page, problem } = await run(emulator, { timeoutMs: 60_000 }, { say, signal: controller.signal });
    assert.deepEqual([page, problem], [undefined, "Interrupted."]);
    assert.deepEqual(namesOf(emulator), []);
    assert.equal(emulator.platform.rotations.length, 1);
  });
});
