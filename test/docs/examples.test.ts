import { follow } from "./follow";
import { SESSIONS } from "./sessions";

// a separate file, so that mocha runs it in parallel with the others
describe("the examples' commands, run in sequence", function () {
  this.timeout(300_000);
  for (const session of SESSIONS.filter(({ page }) => page !== "README.md"))
    it(`print what ${session.page} shows`, () => follow(session));
});
