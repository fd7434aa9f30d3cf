import type { Chapter } from "../break";

/** Tokens of the program that a rotation invalidates. */
export const CASUALTIES: Chapter = {
  subject: "casualties",
  breaks: [
    {
      name: "casualty-fails-its-rotation",
      defect:
        "A rotation that invalidated a different token of the program fails, so what follows it keeps dead tokens.",
      file: "src/rotation/run/run.ts",
      find: `if (Object.keys(casualties).length === 0) return state;`,
      replace: `if (Object.keys(casualties).length === 0) return state;\n  throw new Error(CASUALTY);`,
      caughtBy: ["test/rotation/run/run.test.ts", "test/core/context-levels.test.ts"],
    },
    {
      name: "casualty-is-forgotten",
      defect: "The next run ends as a success although a token of the program is still dead.",
      file: "src/rotation/run/run.ts",
      find: `...(await ledger.stillDead(before)),`,
      replace: ``,
      caughtBy: ["test/rotation/run/run.test.ts"],
    },
    {
      name: "casualty-is-never-healed",
      defect: "A token that was minted again still counts as dead.",
      file: "src/core/run-ledger.ts",
      find: `held.id === id && fingerprint(held.token) !== print`,
      replace: `false`,
      caughtBy: ["test/core/run-ledger-repair.test.ts", "test/rotation/run/run.test.ts"],
    },
    {
      name: "own-rotation-is-tried",
      defect:
        "A token whose own database was certainly rotated is kept while its databases cannot be reached or are slow to reject it.",
      file: "src/token/lifecycle.ts",
      find: `if (ledger.hasInvalidated(managed)) return INVALIDATED;`,
      replace: ``,
      caughtBy: ["test/token/lifecycle-run.test.ts"],
    },
    {
      name: "group-rotation-is-tried",
      defect: "A token of a database is kept although its group was certainly rotated.",
      file: "src/core/run-ledger.ts",
      find: `(rotation.target.kind === "group" && rotation.target.name === group)),`,
      replace: `false),`,
      caughtBy: ["test/core/run-ledger-repair.test.ts"],
    },
    {
      name: "group-is-not-reached",
      defect: "A rotation of a database is assumed to leave the other tokens of its group alone.",
      file: "src/core/run-ledger.ts",
      find: `if (rotated.group !== "" && rotated.group === token.group) return true;`,
      replace: ``,
      caughtBy: ["test/core/run-ledger.test.ts"],
    },
    {
      name: "minted-during-a-rotation",
      defect: "A token is minted while a rotation is under way that invalidates it.",
      file: "src/token/lifecycle.ts",
      find: `if (this.context.ledger.isRotating) {`,
      replace: `if (false) {`,
      caughtBy: ["test/token/lifecycle-run.test.ts"],
    },
    {
      name: "hanging-token-delays-the-record",
      defect: "Tokens at a hanging data plane delay the record of a rotation by ten seconds each.",
      file: "src/core/run-ledger.ts",
      find: `Promise.race([client.probe(hostname, token), late])`,
      replace: `client.probe(hostname, token)`,
      caughtBy: ["test/core/run-ledger.slow.test.ts"],
    },
    {
      name: "dead-token-is-blamed",
      defect: "A rotation is blamed for a token that was dead before.",
      file: "src/rotation/run/run.ts",
      find: `await takeRejected(rotations); // nobody`,
      replace: `// nobody`,
      caughtBy: ["test/rotation/run/run.test.ts"],
    },
    {
      name: "tried-during-a-rotation",
      defect: "A token is tried while a rotation is under way that will invalidate it, and kept.",
      file: "src/token/lifecycle.ts",
      find: `await ledger.quiet(managed);`,
      replace: ``,
      caughtBy: ["test/token/lifecycle-run.test.ts"],
    },
    {
      name: "survivor-is-forgotten",
      defect: "A token that survived one rotation of a run is not looked at after the next one.",
      file: "src/token/lifecycle.ts",
      find: `if (verdict === "rejected") return isOfThisRun ? INVALIDATED : REJECTED;`,
      replace: `return verdict === "rejected" ? INVALIDATED : undefined;`,
      caughtBy: ["test/token/lifecycle-run.test.ts"],
    },
    {
      name: "lost-rotation-is-forgotten",
      defect: "A token is not tried whose rotation left the program after a run that ended early.",
      file: "src/token/lifecycle.ts",
      find: `if (isOfThisRun || hasLostRotation(state, inputs)) {`,
      replace: `if (isOfThisRun) {`,
      caughtBy: ["test/token/lifecycle-run.test.ts"],
    },
    {
      name: "casualty-names-the-token",
      defect: "The record of a dead token contains the token.",
      file: "src/core/run-ledger.ts",
      find: `createHash("sha256").update(token).digest("hex")`,
      replace: `token`,
      caughtBy: ["test/rotation/run/run.test.ts"],
    },
  ],
};

/** What exists, asked in as few requests as possible. */
export const LOOKUPS: Chapter = {
  subject: "lookups",
  breaks: [
    {
      name: "refused-listing-ends-it",
      defect: "An API token that may not list the organization loses all checks and proofs of a list.",
      file: "src/core/blast-radius.ts",
      find: `listing.status !== 403 && !listing.isTooLarge`,
      replace: `!listing.isTooLarge`,
      caughtBy: ["test/core/blast-radius-survey.test.ts"],
    },
    {
      name: "large-listing-ends-it",
      defect: "An organization whose listing is too large to read can rotate nothing.",
      file: "src/core/blast-radius.ts",
      find: `listing.status !== 403 && !listing.isTooLarge`,
      replace: `listing.status !== 403`,
      caughtBy: ["test/core/blast-radius-survey.test.ts"],
    },
    {
      name: "state-holds-the-list-per-token",
      defect:
        "Each token keeps the whole list of its rotation, so the state grows with the square of the members.",
      file: "src/values/scope-part.ts",
      find: `if (names === "all" || names.includes(name)) return mine;`,
      replace: `return covered;`,
      caughtBy: ["test/values/scope-part.test.ts", "test/resources/auth-token.test.ts"],
    },
    {
      name: "error-grows-with-the-fleet",
      defect: "The error of a fleet of 600 that failed for as many reasons repeats each reason.",
      file: "src/values/failures.ts",
      find: `...causes.slice(0, MOST_CAUSES)`,
      replace: `...causes`,
      caughtBy: ["test/values/failures.test.ts", "test/rotation/report.test.ts"],
    },
  ],
};
