import type { Chapter } from "../break";

/** No rotation into an outage that could be foreseen. */
export const OUTAGE: Chapter = {
  subject: "rule 3",
  breaks: [
    {
      name: "unseen-target-needs-no-minting",
      defect: "Whether the API mints is not asked where nothing may be looked up.",
      file: "src/rotation/run/prepare.ts",
      find: ` ?? rotates.find(isUnseen);`,
      replace: `;`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "refused-minting-is-ignored",
      defect: "An API token that may rotate but not mint rotates, and nothing can replace the dead tokens.",
      file: "src/rotation/run/preflight.ts",
      find: `if (refusal) return { kind: "failed", error: cannotMint(id, refusal), refusal };`,
      replace: ``,
      caughtBy: ["test/rotation/run/preflight.test.ts"],
    },
    {
      name: "refused-minting-is-a-matter-of-one",
      defect:
        "An API token that was refused to mint for one target rotates those for which that could not be seen.",
      file: "src/rotation/run/prepare.ts",
      find: `ready: withoutRefused(run, ready, results)`,
      replace: `ready`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "own-tokens-are-not-tried",
      defect: "Whether the API mints what the resource itself mints is only found out after the rotation.",
      file: "src/rotation/run/prepare.ts",
      find: `const refusal = first && (await refusalToMint(run, first));`,
      replace: `const refusal = undefined;`,
      caughtBy: ["test/rotation/run/prepare.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "followers-are-not-tried",
      defect: "Whether the API mints the AuthTokens that follow a rotation is only found out after it.",
      file: "src/rotation/run/preflight.ts",
      find: `for (const { scope, ...options } of run.followers) {`,
      replace: `for (const { scope, ...options } of []) {`,
      caughtBy: ["test/rotation/run/preflight-mint.test.ts"],
    },
    {
      name: "payment-is-no-refusal",
      defect: "A 402 to minting, which does not go away by itself, does not stop the rotation.",
      file: "src/core/mint.ts",
      find: `([400, 401, 402, 403])`,
      replace: `([400, 401, 403])`,
      caughtBy: ["test/rotation/run/preflight.test.ts"],
    },
    {
      name: "obstacle-is-ignored",
      defect: "A target that does not exist, or that groupImpact refuses, is rotated all the same.",
      file: "src/rotation/run/preflight.ts",
      find: `if (obstacle) return { kind: "failed", error: obstacle };`,
      replace: ``,
      caughtBy: ["test/rotation/run/preflight.test.ts", "test/core/blast-radius.test.ts"],
    },
    {
      name: "refuse-asks-the-cache",
      defect:
        "Whether groupImpact refuses is decided by a lookup from before, which misses a database that was created since.",
      file: "src/rotation/run/run.ts",
      find: `run.groupImpact === "refuse" ? run.client : context.lookups(organization)`,
      replace: `context.lookups(organization)`,
      caughtBy: ["test/rotation/run/run-members.test.ts"],
    },
    {
      name: "bystanders-are-overlooked",
      defect:
        "The databases of the group that the resource does not name are overlooked, so groupImpact refuses nothing.",
      file: "src/core/blast-radius.ts",
      find: `return databases.filter((name) => !targets.has(name));`,
      replace: `return [];`,
      caughtBy: ["test/core/blast-radius.test.ts"],
    },
    {
      name: "unlimited-unavailability",
      defect: "More targets than maxUnavailable are without a token at the same time.",
      file: "src/rotation/run/roll.ts",
      find: `if (isBounded && !(await permits.take())) {`,
      replace: `if (false) {`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "failed-minting-frees-its-place",
      defect:
        "A target whose token cannot be minted no longer counts as unavailable, so the whole fleet is rotated into an outage.",
      file: "src/rotation/run/roll.ts",
      find: `else permits.lose(true);`,
      replace: `else permits.give();`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "group-goes-on-without-token",
      defect: "The members of a group are rotated although the token of the first one could not be minted.",
      file: "src/rotation/run/roll.ts",
      find: ` || this.run.minter?.errors.has(leader.task.target.name)`,
      replace: ``,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
  ],
};

/** How long a target is without a valid token. */
export const DARK: Chapter = {
  subject: "dark window",
  breaks: [
    {
      name: "mints-after-the-roll",
      defect:
        "All members are rotated before the first token is minted, although each rotation reaches only its own database.",
      file: "src/rotation/run/roll.ts",
      find: `      case "accepted":\n        await Promise.all(rest.map((each) => this.rotate(each, true)));\n        return;\n      case undefined:`,
      replace: `      case "accepted":\n      case undefined:`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/mint.test.ts"],
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
      file: "src/rotation/run/roll.ts",
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
