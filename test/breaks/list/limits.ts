import type { Chapter } from "../break";

/** A caller that is gone. */
export const LIVENESS: Chapter = {
  subject: "liveness",
  breaks: [
    {
      name: "caller-is-asked-once",
      defect:
        "A killed CLI's provider still rotates after a pause, because it asks for its caller only before the first try.",
      file: "src/turso/transport.ts",
      find: `!(await isCallerAlive())`,
      replace: `!(await (visit.asked ??= isCallerAlive()))`,
      caughtBy: ["test/turso/transport-retries.test.ts", "test/rotation/run/attempt.test.ts"],
    },
    {
      name: "orphan-stays",
      defect: "A provider process stays after its engine is gone.",
      file: "src/hosts/shared/engine.ts",
      find: `if (refusals === 2) process.exit();`,
      replace: ``,
      caughtBy: ["test/hosts/shared/engine.slow.test.ts"],
    },
    {
      name: "busy-engine-counts-as-gone",
      defect: "One refused connection to the engine ends the provider in the middle of a run.",
      file: "src/hosts/shared/engine.ts",
      find: `if (refusals === 2) process.exit();`,
      replace: `if (refusals === 1) process.exit();`,
      caughtBy: ["test/hosts/shared/engine.slow.test.ts"],
    },
    {
      name: "cancelled-run-rotates",
      defect: "The native plugin rotates after the engine has cancelled the run.",
      file: "src/hosts/plugin/main.ts",
      find: `!isCancelled && (await isEngineThere(engine))`,
      replace: `await isEngineThere(engine)`,
      caughtBy: ["test/hosts/plugin/main.slow.test.ts"],
    },
  ],
};

/** An API that limits the rate of requests, or that does not work. */
export const LIMITS: Chapter = {
  subject: "limits",
  breaks: [
    {
      name: "gate-per-client",
      defect: "Each client waits for the rate limit by itself, so the others keep exceeding it.",
      file: "src/core/context.ts",
      find: `const hooks = { onRetry, isCallerAlive, rateLimit: this.rateLimit };`,
      replace: `const hooks = { onRetry, isCallerAlive, rateLimit: new RateLimit() };`,
      caughtBy: ["test/core/context.test.ts"],
    },
    {
      name: "long-limit-is-asked-again",
      defect: "An API that asks for an hour of pause is asked again for each member.",
      file: "src/turso/rate-limit.ts",
      find: `if (pauseMs > visit.leftMs) return pauseMs;`,
      replace: `if (pauseMs > visit.leftMs) return undefined;`,
      caughtBy: ["test/turso/rate-limit.test.ts"],
    },
    {
      name: "retry-after-is-ignored",
      defect: "The pause that the API asks for is ignored.",
      file: "src/turso/rate-limit.ts",
      find: `Math.max(retryAfterMs, grownMs)`,
      replace: `grownMs`,
      caughtBy: ["test/turso/rate-limit.test.ts"],
    },
    {
      name: "all-resume-together",
      defect: "All waiting requests resume in the same moment, and exceed the limit again.",
      file: "src/turso/rate-limit.ts",
      find: `mayResume = pauseMs === 0;`,
      replace: `mayResume = true;`,
      caughtBy: ["test/turso/rate-limit.test.ts"],
    },
    {
      name: "breaker-never-opens",
      defect: "A run goes on to the last member although no rotation gets a usable answer.",
      file: "src/core/breaker.ts",
      find: `return this.inARow >= UNUSABLE_IN_A_ROW;`,
      replace: `return false;`,
      caughtBy: ["test/core/breaker.test.ts", "test/rotation/run/run.test.ts"],
    },
    {
      name: "breaker-needs-an-answer",
      defect:
        "A run tries every member while the API cannot be reached, and withholds the new tokens for hours.",
      file: "src/turso/errors.ts",
      find: `return effect === "unchanged" && (status !== undefined || isCallerGone);`,
      replace: `return effect === "unchanged";`,
      caughtBy: ["test/rotation/run/attempt-send.test.ts"],
    },
    {
      name: "breaker-is-not-asked",
      defect: "A rotation is sent although the breaker is open.",
      file: "src/rotation/run/attempt.ts",
      find: `if (breaker.isOpen) return refused(rollEnded(id));`,
      replace: ``,
      caughtBy: ["test/rotation/run/attempt-send.test.ts"],
    },
  ],
};
