import type { Chapter } from "../break";

const ROLL = "src/rotation/run/roll.ts";
const BESIDE = "test/rotation/run/roll-beside.test.ts";

/** What the rotation of a group's first member says of the others, and what it does not. */
export const BESIDE_OTHERS: Chapter = {
  subject: "reach",
  breaks: [
    {
      name: "rotation-elsewhere-counts-as-reach",
      defect:
        "A database that another resource rotates at the same time is taken for one that this rotation reached.",
      file: ROLL,
      find: `this.rotate(watching(leader, rest), true,`,
      replace: `this.rotate(leader, true,`,
      caughtBy: [BESIDE],
    },
    {
      name: "reached-by-appearance",
      defect:
        "A member counts as rotated for good although its old token is accepted and no request was sent for it.",
      file: "src/rotation/run/attempt.ts",
      find: `(sent.isReached && seen.verdict !== "accepted")`,
      replace: `sent.isReached`,
      caughtBy: [BESIDE, "test/rotation/run/attempt-conclude.test.ts"],
    },
    {
      name: "reached-without-evidence",
      defect: "A member without a canary token counts as rotated, which nothing could ever disprove.",
      file: ROLL,
      find: `rest.filter(({ canaries = [] }) => canaries.length > 0)`,
      replace: `[...rest]`,
      caughtBy: [BESIDE],
    },
    {
      name: "reached-is-forgotten",
      defect: "The next run takes a member for which nothing was sent for one that was rotated itself.",
      file: "src/rotation/run/attempt.ts",
      find: `return pending.isReached ? { ...sent, ...REACHED } : sent;`,
      replace: `return sent;`,
      caughtBy: ["test/rotation/run/attempt-send.test.ts"],
    },
    {
      name: "reached-is-not-tried",
      defect:
        "A request may follow for a member that seemed reached, although the API refuses to mint for it.",
      file: "src/rotation/run/prepare.ts",
      find: ` || left.isReached === true`,
      replace: ``,
      caughtBy: ["test/rotation/run/roll-lost.test.ts"],
    },
    {
      name: "sent-again-spares-no-neighbour",
      defect:
        "A request that is sent again invalidates the tokens that other members of its group got before, and nobody finds out.",
      file: ROLL,
      find: `checkAgain([...holders].filter(`,
      replace: `checkAgain(attempts.map((sent) => sent.task).filter(`,
      caughtBy: ["test/rotation/run/roll-lost.test.ts"],
    },
    {
      name: "no-next-leader",
      defect:
        "All members of a group are without a token together because the rotation of the first one failed.",
      file: ROLL,
      find: `if (leaders < MOST_LEADERS)`,
      replace: `if (false)`,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
    {
      name: "group-passes-the-limit",
      defect:
        "The other members of a group are rotated although maxUnavailable left no place for its first one.",
      file: ROLL,
      find: `sent === "refused" || `,
      replace: ``,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
    {
      name: "together-passes-the-limit",
      defect:
        "Members whose tokens could not be minted after they were rotated together do not count for maxUnavailable.",
      file: ROLL,
      find: `if (!(await this.mint(each, this.places))) this.permits.lose(false);`,
      replace: `await this.mint(each, this.places);`,
      caughtBy: ["test/rotation/run/roll.test.ts"],
    },
    {
      name: "unseen-members-one-by-one",
      defect:
        "Databases that could not be looked up kill each other's new tokens, because they are in one group.",
      file: "src/rotation/run/preflight.ts",
      find: `target.name : UNKNOWN_GROUP`,
      replace: `target.name : ""`,
      caughtBy: ["test/rotation/run/roll-group.test.ts"],
    },
    {
      name: "rejected-token-counts-as-valid",
      defect: "A run goes on rotating although the databases reject the new tokens, and ends as a success.",
      file: "src/rotation/run/mint.ts",
      find: `if (seen.verdict === "rejected")`,
      replace: `if (false)`,
      caughtBy: ["test/rotation/run/mint-tokens.test.ts", "test/rotation/run/run-records.test.ts"],
    },
    {
      name: "rejected-new-token-is-kept",
      defect: "An AuthToken whose new token is rejected keeps it until somebody refreshes.",
      file: "src/token/lifecycle.ts",
      find: `...(seen.verdict === "rejected" && { rejected: true }),`,
      replace: ``,
      caughtBy: ["test/token/lifecycle.test.ts"],
    },
  ],
};
