import assert from "node:assert/strict";
import { permissionsProblem, toWire } from "../../src/values/permissions";

const ACTIONS =
  "data_read, data_add, data_update, data_delete, schema_add, schema_update, schema_delete".split(", ");
const NAMES = "permissions[0].tables must be a list of table names, or absent for every table";
const NO_ACTION = "permissions[0].actions must be a list with at least one action";
const read = { actions: ["data_read"] };

describe("a list of permissions", () => {
  for (const [what, value] of [
    ["a permission for every table", [read]],
    ["a permission whose tables are null", [{ ...read, tables: null }]],
    ["a permission for some tables", [{ ...read, tables: ["orders", "order items"] }]],
    ["several permissions", [read, { tables: ["orders"], actions: ["data_add"] }]],
    ["each of the actions", [{ actions: ACTIONS }]],
  ] as [string, unknown][])
    it(`may have ${what}`, () => assert.equal(permissionsProblem("permissions", value), undefined));

  for (const [what, value, problem] of [
    ["nothing", null, "permissions must be a list of permissions, not nothing"],
    ["a single permission", read, "permissions must be a list of permissions, not an object"],
    [
      "an empty list",
      [],
      "permissions must not be an empty list: leave it out for a token without restrictions",
    ],
    ["a list of texts", ["data_read"], "permissions[0] must be { tables, actions }, not a string"],
    ["a list of nothing", [null], "permissions[0] must be { tables, actions }, not nothing"],
    ["a list of lists", [[read]], "permissions[0] must be { tables, actions }, not a list"],
    [
      "a misspelled member",
      [{ ...read, table: ["orders"] }],
      'permissions[0] has the unknown member "table"; it may have tables and actions',
    ],
    ["a text as tables", [{ ...read, tables: "orders" }], NAMES],
    ["no table at all", [{ ...read, tables: [] }], NAMES],
    ["an empty table name", [{ ...read, tables: ["orders", ""] }], NAMES],
    ["a number as a table name", [{ ...read, tables: [7, "orders"] }], NAMES],
    ["no actions", [{ tables: ["orders"] }], NO_ACTION],
    ["an empty list of actions", [{ actions: [] }], NO_ACTION],
    ["a text as actions", [{ actions: "data_read" }], NO_ACTION],
    [
      "an unknown action",
      [{ actions: ["data_read", "data_write"] }],
      `permissions[0].actions: "data_write" is not an action; the actions are ${ACTIONS.join(", ")}`,
    ],
    [
      "a mistake after a valid permission",
      [read, { actions: [] }],
      "permissions[1].actions must be a list with at least one action",
    ],
  ] as [string, unknown, string][])
    it(`must not be or have ${what}`, () => assert.equal(permissionsProblem("permissions", value), problem));

  it("is sent under the API's names, and without tables as null", () => {
    assert.deepEqual(toWire({ tables: ["orders"], actions: ["data_read"] }), {
      t: ["orders"],
      a: ["data_read"],
    });
    assert.deepEqual(toWire({ actions: ["data_read"] }), { t: null, a: ["data_read"] });
  });
});
