import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { typeToken } from "../../src/resources/dynamic-resource";
import { BadInput, readExport } from "../../src/status/export";
import { FOLDER } from "../fixtures/states/shapes";
import { ROTATION, TOKEN, encrypted, exportOf, only, plaintext, rotation, token, urnOf } from "./exports";

const read = (text: string) => readExport(text, "a.json");
const SECRET = "a-secret-that-nobody-may-see";

describe("an export that is", () => {
  const cases: [what: string, text: string, sentence: RegExp][] = [
    ["empty", " \n", /^a\.json is empty; it must be the output of `pulumi stack export`\.$/],
    ["cut off", exportOf([rotation()]).slice(0, 200), /^a\.json is not complete JSON; .* cut off\.$/],
    ["a list", "[]", /^a\.json is not the output of `pulumi stack export`: it is not a JSON object\.$/],
    [
      "something else",
      '{"a":1}',
      /^a\.json is not the output of `pulumi stack export`: it has no deployment\.$/,
    ],
    [
      "damaged in its list of resources",
      '{"deployment":{"resources":{}}}',
      /^a\.json is damaged: deployment\.resources must be a list of objects\.$/,
    ],
    [
      "damaged in a resource",
      exportOf([{ ...rotation(), outputs: undefined }]),
      /^The state of "urn:.*::rotation" is damaged: it has no id or no outputs\.$/,
    ],
  ];
  for (const [what, text, message] of cases)
    it(`${what} is refused in one sentence`, () =>
      assert.throws(
        () => read(text),
        (error) => error instanceof BadInput && message.test(error.message),
      ));

  it("cut off is refused without quoting what it holds", () =>
    assert.throws(
      () => read(`{"token": ${SECRET}`),
      (error) => error instanceof BadInput && !error.message.includes(SECRET),
    ));
});

describe("reading an export", () => {
  it("finds the resources of the dynamic provider and of the plugin, by the type tokens that the classes register", () => {
    for (const type of [typeToken("TokenRotation"), "turso-tokens:index:TokenRotation"])
      assert.equal(only(read(exportOf([rotation({}, { type })])).resources).type, "TokenRotation");
    for (const type of [typeToken("AuthToken"), "turso-tokens:index:AuthToken"])
      assert.equal(only(read(exportOf([token({}, { type })])).resources).type, "AuthToken");
    assert.deepEqual([ROTATION, TOKEN], [typeToken("TokenRotation"), typeToken("AuthToken")]);
  });

  it("names the stack and the resource by the URN", () => {
    const { stack, resources } = read(exportOf([rotation({}, { urn: `${urnOf(ROTATION, "a")}::b` })]));
    assert.deepEqual([stack, only(resources).name], ["shop/dev", "a::b"]);
    assert.equal(read('{"deployment":{}}').stack, undefined);
  });

  it("leaves out other resources, those that were only read, and those that were replaced", () => {
    const foreign = { ...rotation(), type: "random:index:RandomId" };
    const { resources } = read(
      exportOf([foreign, rotation({}, { external: true }), token({}, { delete: true })]),
    );
    assert.deepEqual(resources, []);
  });

  it("drops secrets, whether they are encrypted, shown, nested, or marked only in the inputs or by name", () => {
    const resource = rotation(
      {
        pending: encrypted,
        tokens: plaintext({ app: SECRET }),
        mint: { expiration: plaintext(SECRET) },
        trigger: SECRET,
        heldTrigger: SECRET,
      },
      { inputs: { trigger: plaintext(SECRET) }, additionalSecretOutputs: ["heldTrigger", "casualties"] },
    );
    const { props, secrets } = only(read(exportOf([resource])).resources);
    assert.doesNotMatch(JSON.stringify(props), new RegExp(SECRET));
    assert.deepEqual([...secrets].sort(), ["heldTrigger", "mint", "pending", "tokens", "trigger"]);
  });

  it("finds what an interrupted update was doing", () => {
    const operations = [
      { type: "creating", resource: { urn: urnOf(ROTATION, "new"), type: ROTATION } },
      {
        type: "creating",
        resource: { urn: urnOf("random:index:RandomId", "x"), type: "random:index:RandomId" },
      },
    ];
    const { interrupted } = read(exportOf([], { pending_operations: operations }));
    assert.deepEqual(interrupted, [
      { urn: urnOf(ROTATION, "new"), name: "new", type: "TokenRotation", doing: "creating" },
    ]);
  });

  for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json")))
    it(`finds the resources of the real export ${file}`, () => {
      const { stack, resources } = read(readFileSync(path.join(FOLDER, file), "utf8"));
      assert.equal(stack, "app/dev");
      assert.ok(resources.length >= 2);
    });
});
