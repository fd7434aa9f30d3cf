import type { PlannedFault } from "./faults";
import type { RejectionDelays } from "../world/delays";
import type { Change, Program } from "./program";
import type { Operation, Schedule } from "./schedule";

const faultText = ({ on, skip, times, when, trouble }: PlannedFault): string =>
  `${trouble} ${when} ${on}${skip > 0 ? ` #${skip + 1}` : ""}${times > 1 ? ` (${times} times)` : ""}`;

/** An operation in words, for the log of a counter-example. */
export function describe(operation: Operation): string {
  switch (operation.type) {
    case "wait":
      return `${operation.hours} hours pass`;
    case "destroy":
      return "destroy";
    case "clock":
      return operation.hours === 0
        ? "the clock is right again"
        : `the clock is ${operation.hours} hours ahead`;
    case "create a database":
      return `the database ${operation.name} is created`;
    case "delete a database":
      return `the database ${operation.name} is deleted`;
    case "recreate a database":
      return `the database ${operation.name} is deleted, and a new one gets its name`;
    default: {
      const {
        type,
        change,
        credentials: who,
        faults,
        crash: end,
        limit,
        refused = [],
        elsewhere,
      } = operation;
      const parts = [
        change && Object.keys(change).length > 0 ? `with ${changeText(change)}` : "",
        who === "full" ? "" : `API token: ${who}`,
        limit === undefined ? "" : `at most ${limit} requests per second`,
        refused.length === 0 ? "" : `no tokens for ${refused.join(", ")}`,
        elsewhere === undefined
          ? ""
          : `${elsewhere.target.kind} ${elsewhere.target.name} is rotated elsewhere before request ${elsewhere.at + 1}`,
        ...faults.map(faultText),
        end
          ? `the process crashes at ${end.at === "the save" ? `the save of resource ${end.of + 1}` : `request ${end.at + 1}, ${end.when}`}`
          : "",
      ].filter((part) => part !== "");
      return [type, ...parts].join("; ");
    }
  }
}

/** What a schedule begins with. */
export const beginning = (
  { serverGeneration, rejectionDelays, acceptanceDelays }: Schedule,
  program: Program,
): string => {
  const late = Object.entries(acceptanceDelays).map(
    ([name, ms]) => `, ${name} accepts new tokens after ${ms} ms`,
  );
  return `A rotation invalidates the tokens of the ${serverGeneration}${delaysText(rejectionDelays)}${late.join("")}. Program: ${JSON.stringify(program)}`;
};

/** The delays above zero. */
const delaysText = (delays: RejectionDelays): string =>
  Object.entries(delays)
    .flatMap(([kind, byName]) =>
      Object.entries(byName as Record<string, number>)
        .filter(([, ms]) => ms > 0)
        .map(([name, ms]) => `, after ${ms} ms for ${kind} ${name}`),
    )
    .join("");

const changeText = (change: Change): string =>
  Object.entries(change)
    .map(([key, value]) => `${key} ${value === undefined ? "absent" : JSON.stringify(value)}`)
    .join(", ");
