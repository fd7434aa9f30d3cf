import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import GithubSlugger from "github-slugger";
import { lexer, walkTokens, type Token } from "marked";

export const ROOT = path.join(__dirname, "..", "..");

/** A fenced block and its location. */
export interface Block {
  /** `README.md:96` */
  where: string;
  file: string;
  language: string;
  text: string;
}

export interface Page {
  /** The path from the root, for example `docs/faq.md`. */
  file: string;
  blocks: Block[];
  /** Targets of links and images. */
  links: string[];
  /** Inline code. */
  codes: string[];
  /** The valid `#…` anchors of this page. */
  anchors: Set<string>;
}

const SKIPPED = new Set(["node_modules", "dist", ".git"]);

function markdownFiles(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = path.posix.join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(file);
    return entry.name.endsWith(".md") ? [file] : [];
  });
}

function readPage(file: string): Page {
  const source = readFileSync(path.join(ROOT, file), "utf8");
  const page: Page = { file, blocks: [], links: [], codes: [], anchors: new Set() };
  const slugger = new GithubSlugger();
  let position = 0;
  const see = (token: Token): void => {
    if (token.type === "link" || token.type === "image") page.links.push((token as { href: string }).href);
    if (token.type === "codespan") page.codes.push((token as { text: string }).text);
    if (token.type === "heading")
      page.anchors.add(slugger.slug((token as { text: string }).text.replace(/[`*]/g, "")));
    if (token.type !== "code") return;
    const { raw, text, lang } = token as { raw: string; text: string; lang?: string };
    // marked removes the indentation of blocks in lists; their first line is unchanged
    position = source.indexOf(raw.split("\n", 1)[0] ?? "", position) + 1;
    const line = source.slice(0, position).split("\n").length;
    page.blocks.push({ where: `${file}:${line}`, file, language: lang ?? "", text });
  };
  void walkTokens(lexer(source), see);
  for (const [, id] of source.matchAll(/<a id="([^"]+)">/g)) page.anchors.add(id as string);
  return page;
}

/** Every page of the repository. */
export const PAGES: Page[] = markdownFiles(".").sort().map(readPage);

export const BLOCKS: Block[] = PAGES.flatMap(({ blocks }) => blocks);

export const blocksOf = (file: string, ...languages: string[]): Block[] =>
  BLOCKS.filter((block) => block.file === file && languages.includes(block.language));

/** The commands of a shell block: one per line, without comments. */
export const commandsOf = ({ text }: Pick<Block, "text">): string[] =>
  text
    .replaceAll("\\\n", " ")
    .split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");

/** Commands in pages that the tests of this folder do not run, and why. */
const ELSEWHERE: [command: RegExp, by: string][] = [
  [/^npm start$/, "test/e2e/examples-demo.test.ts runs the demo"],
  [/^npm test\b/, "it runs this test; test/tools tests its stages"],
  [/^npm ci$/, "tools/setup.js runs it"],
  [/^npm install pulumi-turso-tokens$/, "test/package/npm.test.ts installs the packed package"],
  [/^npm run setup$/, "it ran before any test"],
  [/^npm run emulator\b/, "the pages' commands run against the emulator that it starts"],
  [/^npm run format$/, "it modifies the clone; the stage `format` runs prettier with --check"],
  [
    /^npx mocha (-g "too short" |-t 300000 )?test\/(values\/scope|values\/duration|e2e\/lists)\.test\.ts$/,
    "a stage runs these files",
  ],
  [
    /^(npm run sdk|python3 -m venv|\. venv\/|pip install )/,
    "tools/python makes such an environment for the tests",
  ],
  [/^ln -s ..\/..\/node_modules/, "the folder that the commands run in has this link already"],
  [/ npm run server$/, "test/e2e/examples-deliver.test.ts runs it"],
  [/^(export TURSO_API_TOKEN=…|npm run test:live -- .*)$/, "test/live/run.slow.test.ts runs it"],
  [
    /^(npx turso-token-emulator\b|export TURSO_API_BASEURL=|until curl )/,
    "test/package/emulator.test.ts starts it in an empty folder",
  ],
  [/pulumi-turso-tokens status/, "test/package/status.test.ts runs the installed command"],
  [/^turso auth api-tokens mint /, "it needs the Turso CLI and an account"],
];

export const isElsewhere = (command: string): boolean => ELSEWHERE.some(([known]) => known.test(command));
