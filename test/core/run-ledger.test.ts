import assert from "node:assert/strict";
import { RunLedger, type ManagedToken, type Rotation } from "../../src/core/run-ledger";
import type { TursoClient } from "../../src/turso/client";
import type { Probe } from "../../src/turso/probe";
import { database, group, rotation, token } from "./ledger-values";

/** A rotation that ends when the test says so. */
class Running {
  end!: () => void;
  fail!: (error: Error) => void;
  private readonly work = new Promise<string>((resolve, reject) => {
    this.end = () => resolve("done");
    this.fail = reject;
  });
  readonly act = (): Promise<string> => this.work;
}

/** Whether a promise has settled once everything that was ready has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  const later = new Promise((resolve) => setImmediate(() => resolve(pending)));
  return (await Promise.race([promise, later])) !== pending;
}

describe("the ledger of a run", () => {
  const REACHES: [what: string, rotated: Rotation, minted: ManagedToken, expected: boolean][] = [
    [
      "a database's rotation, its own token",
      rotation(database("app"), "default"),
      token(database("app"), "default"),
      true,
    ],
    [
      "a database's rotation, a token of its group's other database",
      rotation(database("app"), "default"),
      token(database("reports"), "default"),
      true,
    ],
    [
      "a database's rotation, a token of its group",
      rotation(database("app"), "default"),
      token(group("default"), "default"),
      true,
    ],
    [
      "a database's rotation, a database of a different group",
      rotation(database("app"), "default"),
      token(database("lone"), "solo"),
      false,
    ],
    [
      "a group's rotation, its own token",
      rotation(group("default"), "default"),
      token(group("default"), "default"),
      true,
    ],
    [
      "a group's rotation, a token of its database",
      rotation(group("default"), "default"),
      token(database("app"), "default"),
      true,
    ],
    [
      "a group's rotation, a database of a different group",
      rotation(group("default"), "default"),
      token(database("lone"), "solo"),
      false,
    ],
    [
      "a group's rotation, a database of the same name",
      rotation(group("app"), "app"),
      token(database("app"), "default"),
      false,
    ],
    [
      "the same target in a different organization",
      rotation(database("app"), "default", "other"),
      token(database("app"), "default"),
      false,
    ],
    [
      "a rotation whose group is unknown, its own token",
      rotation(database("app"), ""),
      token(database("app"), "default"),
      true,
    ],
    [
      "two databases whose groups are unknown",
      rotation(database("app"), ""),
      token(database("reports"), ""),
      false,
    ],
  ];

  for (const [what, rotated, minted, expected] of REACHES) {
    const verb = expected ? "may have invalidated" : "has not invalidated";
    it(`says that a rotation ${verb} a token: ${what}`, async () => {
      const ledger = new RunLedger();
      assert.equal(ledger.mayHaveInvalidated(minted), false, "before the rotation");
      await ledger.during([rotated], () => Promise.resolve());
      assert.equal(ledger.mayHaveInvalidated(minted), expected);
    });
  }

  it("finds the rotation among several", async () => {
    const ledger = new RunLedger();
    await ledger.during([rotation(database("lone"), "solo"), rotation(database("app"), "default")], () =>
      Promise.resolve(),
    );
    assert.equal(ledger.mayHaveInvalidated(token(database("reports"), "default")), true);
  });

  describe("during a rotation", () => {
    const rotated = rotation(database("app"), "default");
    const affected = token(database("reports"), "default");

    it("records it from before the first request on, and remembers it afterwards", async () => {
      const ledger = new RunLedger();
      const work = new Running();
      assert.equal(ledger.isRotating, false);
      const rotating = ledger.during([rotated], work.act);
      assert.deepEqual([ledger.isRotating, ledger.mayHaveInvalidated(affected)], [true, true]);
      work.end();
      assert.equal(await rotating, "done");
      assert.deepEqual([ledger.isRotating, ledger.mayHaveInvalidated(affected)], [false, true]);
    });

    it("propagates its failure, and records it anyway", async () => {
      const ledger = new RunLedger();
      await assert.rejects(
        ledger.during([rotated], () => Promise.reject(new Error("lost"))),
        /^Error: lost$/,
      );
      assert.deepEqual([ledger.isRotating, ledger.mayHaveInvalidated(affected)], [false, true]);
    });

    for (const [how, finish] of [
      ["ends", ({ end }) => end()],
      ["fails", ({ fail }) => fail(new Error("lost"))],
    ] as [string, (rotating: Running) => void][])
      it(`makes a token that it could invalidate wait until it ${how}`, async () => {
        const ledger = new RunLedger();
        const work = new Running();
        const rotating = ledger.during([rotated], work.act).catch(() => "failed");
        const waiting = ledger.quiet(affected);
        assert.equal(await isSettled(waiting), false);
        finish(work);
        await rotating;
        assert.equal(await isSettled(waiting), true);
      });

    it("makes a token wait for every rotation that could invalidate it", async () => {
      const ledger = new RunLedger();
      const [first, second] = [new Running(), new Running()];
      const both = [
        ledger.during([rotated], first.act),
        ledger.during([rotation(group("default"), "default")], second.act),
      ];
      const waiting = ledger.quiet(affected);
      first.end();
      assert.equal(await isSettled(waiting), false);
      assert.equal(ledger.isRotating, true);
      second.end();
      await Promise.all(both);
      assert.equal(await isSettled(waiting), true);
    });

    it("does not make any other token wait, and no token after it has ended", async () => {
      const ledger = new RunLedger();
      const work = new Running();
      const rotating = ledger.during([rotated], work.act);
      assert.equal(await isSettled(ledger.quiet(token(database("lone"), "solo"))), true);
      work.end();
      await rotating;
      assert.equal(await isSettled(ledger.quiet(affected)), true);
    });
  });

  describe("after a rotation", () => {
    const rotated = [rotation(database("app"), "default")];

    /** Answers with a verdict for each token, and records what it was asked. */
    function clientWith(verdicts: Record<string, Probe["verdict"]>): {
      client: TursoClient;
      asked: string[];
    } {
      const asked: string[] = [];
      const probe = (hostname: string, text: string): Promise<Probe> => {
        asked.push(`${hostname} ${text}`);
        const verdict = verdicts[text] ?? "accepted";
        return Promise.resolve(verdict === "unclear" ? { verdict, why: "no answer" } : { verdict });
      };
      return { client: { probe } as unknown as TursoClient, asked };
    }

    it("reports the recorded tokens that the data plane rejects, each once", async () => {
      const ledger = new RunLedger();
      const dead = token(database("reports"), "default", "dead");
      ledger.holds(dead);
      ledger.holds(token(database("app"), "default", "alive"));
      ledger.holds(token(group("default"), "default", "unseen"));
      const { client, asked } = clientWith({ dead: "rejected", unseen: "unclear" });
      assert.deepEqual(await ledger.takeRejected(rotated, client), [dead]);
      assert.deepEqual(asked, [
        "reports.example.com dead",
        "app.example.com alive",
        "default.example.com unseen",
      ]);
      assert.deepEqual(await ledger.takeRejected(rotated, client), []);
    });

    it("never tries a token that was not recorded, or that no rotation reaches", async () => {
      const ledger = new RunLedger();
      ledger.mayHaveInvalidated(token(database("app"), "default", "never held"));
      ledger.holds(token(database("lone"), "solo", "elsewhere"));
      const { client, asked } = clientWith({ "never held": "rejected", elsewhere: "rejected" });
      assert.deepEqual(await ledger.takeRejected(rotated, client), []);
      assert.deepEqual(await ledger.takeRejected([], client), []);
      assert.deepEqual(asked, []);
    });

    it("tries a token that was recorded twice only once", async () => {
      const ledger = new RunLedger();
      ledger.holds(token(database("app"), "default"));
      ledger.holds(token(database("app"), "default"));
      const { client, asked } = clientWith({ jwt: "rejected" });
      assert.equal((await ledger.takeRejected(rotated, client)).length, 1);
      assert.deepEqual(asked, ["app.example.com jwt"]);
    });

    it("tries at most 64 of the tokens of a fleet at the same time", async () => {
      const ledger = new RunLedger();
      for (let i = 0; i < 150; i += 1) ledger.holds(token(database(`d${i}`), "default", `dead ${i}`));
      let [running, most] = [0, 0];
      const probe = async (): Promise<Probe> => {
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
        return { verdict: "rejected" };
      };
      const rejected = await ledger.takeRejected(rotated, { probe } as unknown as TursoClient);
      assert.deepEqual([rejected.length, most], [150, 64]);
    });
  });
});
