import assert from "node:assert/strict";
import type { Log } from "../../../src/hosts/shared/log";
import { Operations } from "../../../src/hosts/shared/operations";
import { rotationResource } from "../../../src/hosts/shared/resource";
import { Session } from "../../../src/hosts/shared/session";
import { FakeTurso } from "../../support/fake-turso";

const INPUTS = { scope: { databases: ["app", "nosuch"] }, organization: "acme", verify: "off" };
const WARNING =
  "acme/databases: 1 target needs another run. nosuch: the API says that it does not exist. Nothing was changed. Check the name and the organization, or remove the name from the list. The next `pulumi up` does only what is left.";

describe("the operations of a host", () => {
  const turso = FakeTurso.use();

  function operationsOf(notify: Log["notify"], showsFailures: boolean) {
    const config: Record<string, string> = {
      "turso:apiUrl": turso.url,
      "turso:apiToken": turso.emulator.apiToken,
    };
    const session = new Session({
      configNamespace: "turso",
      config: (key) => config[key],
      log: { notify, flush: () => Promise.resolve() },
      showsFailures,
      isCallerAlive: () => Promise.resolve(true),
    });
    return new Operations(session, rotationResource);
  }

  /** The warnings of a create and an update in which a member of a list fails. */
  async function warnings(showsFailures: boolean): Promise<string[]> {
    const shown: string[] = [];
    const operations = operationsOf((level, text) => {
      if (level === "warning") shown.push(text);
    }, showsFailures);
    const { state } = await operations.create({ ...INPUTS, trigger: "1" });
    await operations.update(state, { ...INPUTS, trigger: "2" });
    return shown.filter((text) => text.includes("another run"));
  }

  it("warn of what failed in a create and in an update, where no program shows it", async () =>
    assert.deepEqual(await warnings(true), [WARNING, WARNING]));

  it("leave it to the program where that shows it", async () => assert.deepEqual(await warnings(false), []));

  const SINGLE = { scope: { database: "app" }, organization: "acme", trigger: "1", verify: "off" };

  it("say of a delete that it changed nothing", async () => {
    const { id, state } = await operationsOf(turso.notify, false).create(SINGLE);
    turso.forgetMessages();
    await operationsOf(turso.notify, false).delete(id, state);
    assert.deepEqual(turso.messages, [
      "acme/databases/app: deleted from the stack, which changes nothing in Turso.",
    ]);
  });

  it("do not say so of a replacement, whose first half has rotated in the same process", async () => {
    const replacing = operationsOf(turso.notify, false);
    const { id, state } = await replacing.create(SINGLE);
    turso.forgetMessages();
    await replacing.delete(id, state);
    assert.deepEqual(turso.messages, []);
  });

  it("reject a state that a newer version wrote, before any request", async () => {
    const operations = operationsOf(() => undefined, true);
    const state = { ...INPUTS, trigger: "1", stateVersion: 2 };
    const wanted = { ...INPUTS, trigger: "2" };
    const message =
      "Reading the state of acme/databases: its stateVersion is 2, and this version of pulumi-turso-tokens reads 1. Nothing was changed. Install the version that wrote the state, or a newer one.";
    for (const act of [
      () => operations.diff(state, wanted),
      () => operations.preview(state, wanted),
      () => operations.update(state, wanted),
      () => operations.read("acme/databases", state),
    ])
      await assert.rejects(act, { message });
    assert.deepEqual(turso.requests(), []);
  });

  describe("let a resource be imported", () => {
    const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const adopt = (news: object) =>
      operationsOf(() => undefined, true).requireSameTarget("acme/groups/default", {
        organization: "acme",
        ...news,
      });

    for (const [what, news] of [
      ["if the program declares its target", { scope: { group: "default" }, trigger: "1" }],
      ["while the target is not known", { scope: { group: UNKNOWN } }],
      ["while the organization is not known", { scope: { group: "default" }, organization: UNKNOWN }],
    ] as const)
      it(what, () => adopt(news));

    for (const [what, news, declared] of [
      ["a different group", { scope: { group: "other" } }, "acme/groups/other"],
      ["a database of the same name", { scope: { database: "default" } }, "acme/databases/default"],
      ["a list that contains its target", { scope: { groups: ["default"] } }, "acme/groups"],
      [
        "a different organization",
        { scope: { group: "default" }, organization: "umbrella" },
        "umbrella/groups/default",
      ],
    ] as const)
      it(`but not if the program declares ${what}`, () =>
        assert.rejects(adopt(news), {
          message: `Importing acme/groups/default: the program declares ${declared} instead. Nothing was changed. Import the id ${declared}, or change scope and organization to those of the id.`,
        }));
  });
});
