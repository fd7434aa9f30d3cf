import { Context } from "../../../src/core/context";
import { tasksFor } from "../../../src/rotation/job";
import { rotate, type Job } from "../../../src/rotation/run/run";
import type { RotationState } from "../../../src/rotation/state";
import { parseSubject, type Resolved, type Scope } from "../../../src/values/scope";
import { NOW, ORIGIN, state } from "../../support/fake-turso";
import type { Organization } from "./organization";

/** The context of a run in an organization in memory; its messages are recorded as `warning acme/databases/a: …`. */
export function contextIn(organization: Organization, messages: string[] = []): Context {
  const context = new Context({
    settings: {
      apiUrl: "",
      apiToken: "",
      apiTokenOrigin: ORIGIN,
      organization: "acme",
      organizationIsConfigured: false,
    },
    clock: () => new Date(NOW),
    notify: (level, text) => messages.push(`${level} ${text}`),
  });
  context.client = () => organization.client;
  return context;
}

export const subjectOf = (scope: Scope): Resolved => {
  const subject = parseSubject({ organization: "acme", scope });
  if (subject.targets === "all") throw new Error("name the targets");
  return { ...subject, targets: subject.targets };
};

/** Runs a job that rotates all targets, unless the changes say otherwise. */
export function runIn(
  context: Context,
  scope: Scope,
  changes: Partial<RotationState> = {},
  job: Partial<Job> = {},
): Promise<RotationState> {
  const subject = subjectOf(scope);
  const record = state({ scope, verify: "auto", verifyTimeout: "1s", rotations: {}, ...changes });
  return rotate(context, subject, { record, plans: tasksFor(subject, false), isFull: true, ...job });
}
