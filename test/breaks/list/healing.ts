import type { Chapter } from "../break";

/** When a token that a rotation invalidated stops counting as dead. */
export const HEALING: Chapter = {
  subject: "healing",
  breaks: [
    {
      name: "casualties-of-one-target-collide",
      defect: "Of two tokens of one target that a rotation invalidated, only one is on record.",
      file: "src/rotation/run/run.ts",
      find: `[fingerprint(token), id]));`,
      replace: `[token && id, id]));`,
      caughtBy: ["test/rotation/run/run-casualties.test.ts", "test/rotation/run/run.test.ts"],
    },
    {
      name: "casualties-share-a-name",
      defect: "Of two tokens of one target that a rotation invalidated, the error names one.",
      file: "src/rotation/state.ts",
      find: `length === 1 ? [id]`,
      replace: `length > 0 ? [id]`,
      caughtBy: ["test/rotation/run/run-casualties.test.ts", "test/status/rotation-rows.test.ts"],
    },
    {
      name: "other-token-heals-a-casualty",
      defect:
        "A dead token counts as minted again because the program uses a different one of the same target.",
      file: "src/core/run-ledger.ts",
      find: `filter(([print]) => !this.replaced.has(print))`,
      replace: `filter(([print, id]) => !this.replaced.has(print) && ![...this.tokens.values()].some((held) => held.id === id && fingerprint(held.token) !== print))`,
      caughtBy: ["test/core/run-ledger-repair.test.ts", "test/rotation/run/run-casualties.test.ts"],
    },
    {
      name: "replaced-token-is-not-recorded",
      defect: "An AuthToken that is minted again after the rotation's turn counts as dead until a refresh.",
      file: "src/token/lifecycle.ts",
      find: `...(replaced.length > 0 && { replaced }),`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-casualties.test.ts"],
    },
    {
      name: "replaced-token-is-not-kept",
      defect: "An update that mints no token forgets which dead token the last one replaced.",
      file: "src/token/lifecycle.ts",
      find: `...(replaced && { replaced }),`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-casualties.test.ts"],
    },
    {
      name: "own-replaced-token-is-not-recorded",
      defect:
        "A token of `mint` that is minted again after the rotation's turn counts as dead until a refresh.",
      file: "src/rotation/run/run.ts",
      find: `...(replaced.length > 0 && { replaced })`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-casualties.test.ts"],
    },
    {
      name: "new-casualty-is-no-suspect",
      defect: "A token that is minted again in the run that invalidated it counts as dead until a refresh.",
      file: "src/rotation/run/run.ts",
      find: `ledger.suspect(casualties);`,
      replace: ``,
      caughtBy: ["test/rotation/run/run-casualties.test.ts"],
    },
    {
      name: "replaced-token-is-blamed",
      defect: "A rotation is blamed for a token that was replaced while it was tried.",
      file: "src/rotation/run/run.ts",
      find: `...ledger.notReplaced(hits)`,
      replace: `...hits`,
      caughtBy: ["test/rotation/run/run-records.test.ts"],
    },
    {
      name: "deleted-rotation-hides-its-casualties",
      defect: "A TokenRotation is deleted without a word about the dead tokens that only it had on record.",
      file: "src/rotation/lifecycle.ts",
      find: `if (dead.length === 0) return text;`,
      replace: `if (dead.length >= 0) return text;`,
      caughtBy: ["test/rotation/lifecycle.test.ts"],
    },
  ],
};
