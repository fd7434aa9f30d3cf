/** One statement of an SQL text, as far as a tokenizer can describe it. */
export interface StatementText {
  /** The leading words, in capitals: enough to distinguish `BEGIN` from `CREATE TEMP TRIGGER`. */
  words: string[];
  /** The parameters in their order, with their prefix; `null` for a bare `?`. */
  parameters: (string | null)[];
  /** All of the text except blanks and comments. */
  tokens: string[];
}

const TOKEN = new RegExp(
  [
    // The blanks of SQLite: to the engine, other blanks of Unicode are letters.
    /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|[ \t\n\f\r]+/.source,
    /'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)/.source,
    /\?\d*|[:@$][\w\u0080-\uffff]+|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|\d[\w.]*|[\s\S]/.source,
  ].join("|"),
  "g",
);
const BLANK = /^(?:--|\/\*|[ \t\n\f\r])/;

/** Splits a text at its semicolons, except those in strings, comments and the bodies of triggers. */
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
    if (current === undefined) statements.push((current = { words: [], parameters: [], tokens: [] }));
    current.tokens.push(token);
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

/** The verb of a statement and its position; in a statement that begins with WITH, the verb follows its subqueries. */
export function verbOf(tokens: readonly string[]): { verb: string; at: number } {
  const first = tokens[0]?.toUpperCase() ?? "";
  if (first === "EXPLAIN") {
    const skipped = tokens[1]?.toUpperCase() === "QUERY" ? 3 : 1;
    const { verb, at } = verbOf(tokens.slice(skipped));
    return { verb, at: at + skipped };
  }
  if (first !== "WITH") return { verb: first, at: 0 };
  let depth = 0;
  const at = tokens.findIndex((token) => {
    depth += token === "(" ? 1 : token === ")" ? -1 : 0;
    return depth === 0 && /^(?:SELECT|VALUES|INSERT|REPLACE|UPDATE|DELETE)$/i.test(token);
  });
  return { verb: tokens[at]?.toUpperCase() ?? "", at: Math.max(at, 0) };
}

/** The name that a token stands for, without quotes and in lower case. */
export function nameOf(token: string): string {
  const quote = /^["'`]/.exec(token)?.[0];
  let name = token;
  if (quote !== undefined) name = token.slice(1, -1).replaceAll(quote + quote, quote);
  else if (token.startsWith("[")) name = token.slice(1, -1);
  return lowered(name);
}

/** The engine ignores the case of ASCII letters only. */
export function lowered(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
