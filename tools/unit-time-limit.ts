/**
 * Limits each test of `npm run test:mutation`, where Stryker turns mocha's own limit off. A changed decision often makes a test
 * wait forever. It then fails here after seconds, and not at Stryker's limit for all tests together, which also costs a process.
 */
import type { Context } from "mocha";

/** The limit of the stage `unit` in tools/test.js. */
const LIMIT_MS = 5_000;

export const mochaHooks = {
  beforeEach(this: Context): void {
    this.currentTest?.timeout(LIMIT_MS);
  },
};
