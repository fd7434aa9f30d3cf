import { table } from "../support/markdown";
import type { Chapter } from "./break";

/** The part of a file's path that says where it is. */
const short = (file: string): string => `\`${file.replace(/^src\//, "")}\``;

/** The breaks as a table for docs/reliability.md. */
export const tableOf = (chapters: readonly Chapter[]): string =>
  table([
    ["subject", "the broken code", "changed", "caught by"],
    ...chapters.flatMap(({ subject, breaks }) =>
      breaks.map(({ defect, file, caughtBy }) => [
        subject,
        defect,
        short(file),
        caughtBy.map((test) => `\`${test}\``).join(", "),
      ]),
    ),
  ]);

const BEGIN = "<!-- begin of the breaks: npm run test:breaks -- --write -->";
const END = "<!-- end of the breaks -->";

/** A page with its table replaced. */
export function withTable(page: string, chapters: readonly Chapter[]): string {
  const [start, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (start < 0 || end < start)
    throw new Error(`The page has no place for the table, between ${BEGIN} and ${END}.`);
  return `${page.slice(0, start)}${BEGIN}\n\n${tableOf(chapters)}\n\n${page.slice(end)}`;
}
