/** One statement of an SQL text, as far as it can be told without parsing SQL. */
export interface StatementText {
  /** The leading words, in capitals: enough to tell `BEGIN` from `CREATE TEMP TRIGGER`. */
  words: string[];
  /** The parameters in their order, with their prefix; `null` for a bare `?`. */
  parameters: (string | null)[];
}

const TOKEN = new RegExp(
  [
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+/.source,
    /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)/.source,
    /\?\d*|[:@$][\w\u0080-\uffff]+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|[\s\S]/.source,
  ].join("|"),
  "g",
);
const BLANK = /^(?:--|\/\*|\s)/;

/** Splits a text at its semicolons; those in strings, comments and the bodies of triggers do not count. */
export function splitStatements(sql: string): StatementText[] {
  const statements: StatementText[] = [];
  let current: StatementText | undefined;
  let last = "";
  for (const [token] of sql.matchAll(TOKEN)) {
    if (BLANK.test(token)) continue;
    if (token === ";" && (current === undefined || !isTrigger(current) || last === "END")) {
      current = undefined;
      last = "";
      continue;
    }
    if (current === undefined) statements.push((current = { words: [], parameters: [] }));
    last = token.toUpperCase();
    if (/^[A-Z_]/.test(last) && current.words.length < 4) current.words.push(last);
    if (/^(?:\?|[:@$].)/.test(token)) addParameter(current.parameters, token);
  }
  return statements;
}

function isTrigger({ words }: StatementText): boolean {
  return words[0] === "CREATE" && (words[1] === "TRIGGER" || words[2] === "TRIGGER");
}

function addParameter(parameters: (string | null)[], token: string): void {
  if (token === "?") parameters.push(null);
  else if (!parameters.includes(token)) parameters.push(token);
}
