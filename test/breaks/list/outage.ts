import type { Chapter } from "../break";

/** No rotation into an outage that could be foreseen. */
export const OUTAGE: Chapter = {
  subject: "rule 3",
  breaks: [
    {
      name: "unseen-target-needs-no-minting",
      defect: "Whether the API mints is not asked where nothing may be looked up.",
      file: "src/rotation/run/trial.ts",
      find: ` || isUnseen(task));`,
      replace: `);`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "refused-minting-is-ignored",
      defect: "An API token that may rotate but not mint rotates, and nothing can replace the dead tokens.",
      file: "src/rotation/run/preflight.ts",
      find: `if (failure && (isRefused || run.minter || run.followers.length > 0))`,
      replace: `if (false)`,
      caughtBy: ["test/rotation/run/preflight.test.ts"],
    },
    {
      name: "rotates-while-minting-fails",
      defect:
        "A target is rotated right after the API failed to mint for it, although its token has to be replaced.",
      file: "src/rotation/run/preflight.ts",
      find: `(isRefused || run.minter || run.followers.length > 0)`,
      replace: `isRefused`,
      caughtBy: ["test/rotation/run/preflight-mint.test.ts"],
    },
    {
      name: "strands-a-member",
      defect:
        "A rotation that is known to reach its whole group is sent although the API refuses to mint for a different member.",
      file: "src/rotation/run/prepare.ts",
      find: `!(isKnown || groupImpact === "refuse")`,
      replace: `!(groupImpact === "refuse")`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "stranded-member-is-no-bystander",
      defect:
        "With groupImpact: refuse, a rotation is sent that may invalidate a token which cannot be replaced.",
      file: "src/rotation/run/prepare.ts",
      find: `!(isKnown || groupImpact === "refuse")`,
      replace: `!isKnown`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "refused-minting-is-a-matter-of-one",
      defect:
        "An API token that was refused to mint for one target rotates those for which that could not be seen.",
      file: "src/rotation/run/prepare.ts",
      find: `withoutRefused(run, ready, results), results)`,
      replace: `ready, results)`,
      caughtBy: ["test/rotation/run/prepare.test.ts"],
    },
    {
      name: "own-tokens-are-not-tried",
      defect: "Whether the API mints what the resource itself mints is only found out after the rotation.",
      file: "src/rotation/run/trial.ts",
      find: `[ownTrials(run, possible), followerTrials(`,
      replace: `[[], followerTrials(`,
      caughtBy: ["test/rotation/run/prepare.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "followers-are-not-tried",
      defect: "Whether the API mints the AuthTokens that follow a rotation is only found out after it.",
      file: "src/rotation/run/trial.ts",
      find: `followerTrials(run, possible)])`,
      replace: `[]])`,
      caughtBy: ["test/rotation/run/trial.test.ts"],
    },
    {
      name: "permissions-are-tried-once",
      defect:
        "Whether the API mints a token with permissions is tried for one target, although each database may refuse it.",
      file: "src/rotation/run/trial.ts",
      find: `if (minter.isRestricted)`,
      replace: `if (false)`,
      caughtBy: ["test/rotation/run/trial.test.ts", "test/rotation/run/prepare.test.ts"],
    },
    {
      name: "one-group-stands-for-all",
      defect:
        "Without verification, one token shows whether the API mints, although an API token may be restricted to a group.",
      file: "src/rotation/run/trial.ts",
      find: `verify === "off" ? byGroup(tasks) : [seenFirst(tasks)]`,
      replace: `[seenFirst(tasks)]`,
      caughtBy: ["test/rotation/run/trial.test.ts"],
    },
    {
      name: "unclear-trial-is-no-refusal",
      defect:
        "A target is rotated for which it could not be tried whether the API mints, although it refuses to for a different one.",
      file: "src/rotation/run/trial.ts",
      find: `else unclear.add(target.name);`,
      replace: ``,
      caughtBy: ["test/rotation/run/trial.test.ts"],
    },
    {
      name: "one-follower-stands-for-all",
      defect:
        "Of the AuthTokens with the same permissions, one is tried, although each database may refuse them.",
      file: "src/resources/followers.ts",
      find: `isRestricted ? follower : Object.keys(scope)`,
      replace: `{ ...follower, scope: Object.keys(scope) }`,
      caughtBy: ["test/resources/followers.test.ts"],
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
      find: `if (obstacle) return { kind: "failed", error: obstacle, ...(task.refusal && { isStranded: true }) };`,
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
