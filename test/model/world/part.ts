import type { Process } from "./process";
import type { Sent } from "./requests";

/** What a run did for one resource. */
export interface Part extends Pick<Process, "circumstances" | "isRotatedElsewhere"> {
  sent: readonly Sent[];
  /** When a database first rejected an old token after a rotation, by the schedule's clock. */
  rejectedAt: number | undefined;
}

/** @param from the first request of the part that ends now */
export function partOf({ sent: all, circumstances, isRotatedElsewhere }: Process, from: number): Part {
  const sent = all.slice(from);
  const first = sent.findIndex(({ kind }) => kind === "rotate");
  const rejection = sent.find(
    ({ kind, answer, isLate }, i) =>
      first >= 0 && i > first && kind === "probe" && answer?.status === 401 && !isLate,
  );
  return { sent, circumstances, isRotatedElsewhere, rejectedAt: rejection?.answer?.at };
}
