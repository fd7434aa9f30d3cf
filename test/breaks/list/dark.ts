import type { Chapter } from "../break";

/** How long a target is without a valid token. */
export const DARK: Chapter = {
  subject: "dark window",
  breaks: [
    {
      name: "mints-after-the-roll",
      defect:
        "All members are rotated before the first token is minted, although each rotation reaches only its own database.",
      file: "src/rotation/run/roll.ts",
      find: `sent.siblings === "accepted"`,
      replace: `false`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "group-waits-for-its-first-token",
      defect:
        "All members of a group that the first rotation reached are without a token until the first one's database accepts its own.",
      file: "src/rotation/run/roll.ts",
      find: `isReached ? this.mintReached(sent, rest) : undefined`,
      replace: `undefined`,
      caughtBy: ["test/rotation/run/roll-mint-late.test.ts"],
    },
    {
      name: "mints-before-the-roll-ends",
      defect: "A token is minted although the next rotation of its group may invalidate it.",
      file: "src/rotation/run/roll.ts",
      find: `members.map((each) => this.rotate(each, false))`,
      replace: `members.map((each) => this.rotate(each, true))`,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
    {
      name: "reach-is-assumed",
      defect: "Each member of a group is rotated although the first rotation has reached them all.",
      file: "src/rotation/run/leader.ts",
      find: `sent.siblings = seen.reach?.[groupOf(sent.task)]?.siblings;`,
      replace: `sent.siblings = "accepted";`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "proof-holds-its-place",
      defect: "The proof of a target keeps its place while it waits, so slow proofs hold up the others.",
      file: "src/core/proof.ts",
      find: `await this.places.use(() => this.visit(subject));`,
      replace: `await this.places.use(async () => {\n        await this.visit(subject);\n        if (subject.isOpen) await this.options.time.sleep(2_000, this.over.signal);\n      });`,
      caughtBy: ["test/core/proof.test.ts"],
    },
    {
      name: "proof-outlasts-its-grace",
      defect:
        "The proof goes on for all of verifyTimeout after the first old token was rejected, and withholds the new tokens.",
      file: "src/core/proof.ts",
      find: `this.deadline = Math.min(this.deadline, now + this.options.graceMs);`,
      replace: ``,
      caughtBy: ["test/core/proof.test.ts"],
    },
    {
      name: "reach-outlasts-its-grace",
      defect:
        "A database that does not answer while the reach is looked at withholds the new tokens for ten seconds.",
      file: "src/rotation/run/prove.ts",
      find: `ask(hostname, token, { timeoutMs: until - performance.now() });`,
      replace: `ask(hostname, token);`,
      caughtBy: ["test/rotation/run/prove-reach.test.ts"],
    },
    {
      name: "slow-polling",
      defect: "Old tokens are asked about so rarely that the run ends long after they were rejected.",
      file: "src/core/proof.ts",
      find: `const LONGEST_PAUSE_MS = 500;`,
      replace: `const LONGEST_PAUSE_MS = 2_000;`,
      caughtBy: ["test/core/proof.test.ts"],
    },
    {
      name: "silence-is-awaited",
      defect: "Each target waits for databases that do not answer, so the run grows with their number.",
      file: "src/core/breaker.ts",
      find: `return !this.isPatient && this.inARow >= SILENT_AFTER;`,
      replace: `return false;`,
      caughtBy: ["test/core/breaker.test.ts"],
    },
    {
      name: "silent-proof-is-awaited",
      defect: "The proof waits for all of verifyTimeout although no database can be reached.",
      file: "src/core/proof.ts",
      find: `return Math.min(this.deadline, this.heardAt + silenceMs) - time.now();`,
      replace: `return this.deadline - time.now();`,
      caughtBy: ["test/core/proof.test.ts"],
    },
    {
      name: "every-token-waits-for-silence",
      defect:
        "Every AuthToken of a run is withheld for ten seconds while no database answers, not only the first one.",
      file: "src/token/lifecycle.ts",
      find: `silenceMs: this.context.isDataPlaneSilent ? 0 : undefined,`,
      replace: `silenceMs: undefined,`,
      caughtBy: ["test/token/lifecycle-silent.slow.test.ts"],
    },
    {
      name: "minting-waits-for-acceptance",
      defect: "Where many tokens are to be minted, each keeps its place until a database accepts it.",
      file: "src/rotation/run/mint.ts",
      find: `mint: (...args) => places?.use(() => client.mint(...args)) ?? client.mint(...args),`,
      replace: `mint: (...args) => places?.use(async () => { const token = await client.mint(...args); while (hostname && (await client.probe(hostname, token)).verdict !== "accepted"); return token; }) ?? client.mint(...args),`,
      caughtBy: ["test/rotation/run/mint-tokens.test.ts"],
    },
    {
      name: "no-last-look",
      defect: "A token that a later rotation of the same run invalidated is published.",
      file: "src/rotation/run/mint.ts",
      find: `if (verdict === "rejected") dead.push(unit);`,
      replace: ``,
      caughtBy: ["test/rotation/run/mint-tokens.test.ts"],
    },
    {
      name: "unclear-token-is-replaced",
      defect:
        "A new token that could not be tried is replaced by another one, and stays valid forever without an owner.",
      file: "src/core/mint.ts",
      find: `if (isLast || seen.verdict !== "rejected") return { token, seen };`,
      replace: `if (isLast || seen.verdict === "accepted") return { token, seen };`,
      caughtBy: ["test/core/canary.test.ts"],
    },
    {
      name: "required-proof-withholds",
      defect:
        "A run with verify: required that saw old tokens outlive the proof withholds the new ones until the next run.",
      file: "src/rotation/run/run.ts",
      find: `every(({ kind }) => kind === "failed")`,
      replace: `every(({ kind }) => kind === "failed" || kind === "rotated")`,
      caughtBy: ["test/core/canary.slow.test.ts"],
    },
  ],
};
