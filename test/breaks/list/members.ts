import type { Chapter } from "../break";

/** Members of a list that a run does not rotate, or not yet: each has a valid token nevertheless. */
export const MEMBERS: Chapter = {
  subject: "members",
  breaks: [
    {
      name: "waiting-member-gets-no-token",
      defect: "The token of a member whose rotation keeps failing is not renewed, and expires.",
      file: "src/rotation/run/run.ts",
      find: `await mintForWaiting(tasks, results, before, parallelism, minter);`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-members.test.ts", "test/rotation/run/mint.test.ts"],
    },
    {
      name: "waiting-members-hold-up-the-run",
      defect: "An API that mints no more is asked for each member whose rotation has to wait.",
      file: "src/rotation/run/run.ts",
      find: `isComplete &&= await`,
      replace: `isComplete = await`,
      caughtBy: ["test/rotation/run/run-members.test.ts"],
    },
    {
      name: "dead-token-waits-for-its-rotation",
      defect: "A dead token is not replaced while suspend holds back the rotation of its database.",
      file: "src/rotation/plan.ts",
      find: `if (lacksToken(own(pending, name))) return true;`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-members.test.ts"],
    },
    {
      name: "due-tokens-are-not-checked-again",
      defect:
        "A token that was due, and that the run minted before a rotation of its group, is published dead.",
      file: "src/rotation/run/roll.ts",
      find: `new Set(kept)`,
      replace: `new Set<Task>()`,
      caughtBy: ["test/rotation/run/roll.test.ts", "test/rotation/run/roll-lost.test.ts"],
    },
    {
      name: "due-tokens-precede-the-rotation",
      defect:
        "Without verification, a token that was due is minted before a rotation of its group, which may kill it unnoticed.",
      file: "src/rotation/run/roll.ts",
      find: `new Set(run.verify === "off" ? reached : [])`,
      replace: `new Set<Task>()`,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
    {
      name: "given-up-proof-takes-the-token-along",
      defect: "Where verify is off by now, a token that the run before could not mint is forgotten.",
      file: "src/rotation/run/roll.ts",
      find: `result?.kind === "adopted" || result?.kind === "rotated"`,
      replace: `result?.kind === "adopted"`,
      caughtBy: ["test/rotation/run/roll-lost.test.ts"],
    },
    {
      name: "blind-rotation-leaves-dead-tokens",
      defect:
        "A rotation of which nothing shows what it reaches leaves the dead tokens of the other members, and the run succeeds.",
      file: "src/rotation/run/run.ts",
      find: `minter ? await membersFoundDead(run, tokenOf, tasks, results, before.reach) : []`,
      replace: `[] as string[]`,
      caughtBy: ["test/rotation/run/run-members.test.ts"],
    },
    {
      name: "unverified-rotation-leaves-dead-tokens",
      defect:
        "Without verification, a rotation of one member leaves the other members of its group with tokens that it may have killed.",
      file: "src/rotation/run/reached.ts",
      find: `if (before[endpoint.group]?.siblings !== "accepted") dead.push(...left);`,
      replace: ``,
      caughtBy: ["test/rotation/run/reached.test.ts", "test/rotation/run/run-members.test.ts"],
    },
    {
      name: "seen-reach-is-tried-again",
      defect: "After each rotation of one member, the tokens of the whole fleet are tried.",
      file: "src/rotation/run/reached.ts",
      find: `result.reach?.[group]?.siblings === undefined && byGroup`,
      replace: `byGroup`,
      caughtBy: ["test/rotation/run/reached.test.ts"],
    },
    {
      name: "reached-failures-are-overlooked",
      defect:
        "A member that failed or was only adopted keeps the token that the rotation of a different member has invalidated.",
      file: "src/rotation/run/reached.ts",
      find: `!isSettled(results.get(name))) reached.set`,
      replace: `!results.has(name)) reached.set`,
      caughtBy: ["test/rotation/run/reached.test.ts", "test/rotation/run/run-members.test.ts"],
    },
  ],
};
