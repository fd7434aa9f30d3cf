import { follow } from "./follow";
import { SESSIONS } from "./sessions";

// a separate file, so that mocha runs it in parallel with the others
describe("the examples' commands, run in sequence", function () {
  this.timeout(300_000);
  // on a new machine, what programs in other languages need is built first
  before(async function () {
    this.timeout(1_800_000);
    for (const { programs } of SESSIONS) await programs?.();
  });

  for (const session of SESSIONS.filter(({ page }) => page !== "README.md"))
    it(`print what ${session.page} shows`, () => follow(session));
});
