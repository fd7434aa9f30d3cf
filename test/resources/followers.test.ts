import assert from "node:assert/strict";
import { addFollower, expectFollowers, keepFollowers, requireRotation } from "../../src/resources/followers";
import type { TokenRotation } from "../../src/resources/token-rotation";
import * as pulumi from "@pulumi/pulumi";

const rotationLike = (): TokenRotation => Object.create(null) as TokenRotation;

describe("the AuthTokens that follow a rotation", () => {
  it("are collected while the program runs, one of each sort and each with permissions, without those whose arguments are outputs", async () => {
    const rotation = rotationLike();
    const { list, input } = expectFollowers();
    keepFollowers(rotation, list);
    const permissions = [{ tables: ["orders"], actions: ["data_read" as const] }];
    addFollower({ rotation, scope: { database: "app" } });
    addFollower({ rotation, scope: { database: "reports" } });
    addFollower({ rotation, scope: { database: "reports" }, permissions });
    addFollower({ rotation, scope: { database: "orders" }, permissions });
    addFollower({ rotation, scope: { database: "orders" }, permissions });
    addFollower({ rotation, scope: { group: "default" } });
    addFollower({ rotation, scope: { database: pulumi.output("later") }, readAttach: ["x"] });
    addFollower({ rotation, scope: pulumi.output({ group: "default" }), permissions });
    addFollower({ scope: { database: "alone" } });
    assert.deepEqual(await input, [
      { scope: { database: "app" } },
      { scope: { database: "reports" }, permissions },
      { scope: { database: "orders" }, permissions },
      { scope: { group: "default" } },
    ]);
  });

  it("may follow a rotation of this program, and one of a different copy of this package", () => {
    const own = rotationLike();
    keepFollowers(own, []);
    for (const rotation of [undefined, own, rotationLike()]) {
      requireRotation("t", rotation);
      addFollower({ rotation, scope: { database: "app" } });
    }
  });

  it("may not follow a rotation that the program only reads", () => {
    const read = rotationLike();
    keepFollowers(read, undefined);
    assert.throws(
      () => requireRotation("t", read),
      /AuthToken "t": rotation was read with TokenRotation\.get/,
    );
  });
});
