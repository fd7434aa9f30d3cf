/** A rule or a fixed defect that is broken on purpose, and the tests that notice it. */
export interface Break {
  /** For the command line. */
  name: string;
  /** What the broken code does. */
  defect: string;
  /** The module that is changed. */
  file: string;
  /** Occurs exactly once in the module. */
  find: string;
  replace: string;
  /** Files of tests; each of them fails. `MODEL` stands for the random model. */
  caughtBy: readonly [string, ...string[]];
}

/** Breaks of one rule, or about one subject. */
export interface Chapter {
  subject: string;
  breaks: readonly Break[];
}

/** The folder of the random model. */
export const MODEL = "test/model";

/**
 * The module's text with the break in it.
 *
 * @throws Error if the text that it changes is not there, or not unambiguous
 */
export function applyTo(source: string, { name, file, find, replace }: Break): string {
  const found = source.split(find).length - 1;
  if (found !== 1)
    throw new Error(
      `The break "${name}" does not apply: ${file} contains the text that it changes ${found === 0 ? "nowhere" : `${found} times`}. Correct it in test/breaks/list.`,
    );
  return source.replace(find, () => replace);
}
