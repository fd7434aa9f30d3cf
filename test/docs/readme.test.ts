import { follow } from "./follow";
import { SESSIONS } from "./sessions";

// a file of its own, so that it can run beside the others
describe("the README's commands, typed one after the other", function () {
  this.timeout(300_000);
  for (const session of SESSIONS.filter(({ page }) => page === "README.md"))
    it(`do what ${session.page} says, and print what it shows`, () => follow(session));
});
