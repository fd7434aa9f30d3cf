import path from "node:path";
import { ensureLanguage } from "../../tools/pulumi-cli/language.js";
import { ensurePython } from "../../tools/python/environment";
import { blocksOf, type Block } from "./markdown";

/** A page whose commands are run in sequence, as a reader would. */
export interface PageSession {
  page: string;
  /** A page whose first block comes before. */
  before?: string;
  /** A command that the page expects the reader to have run after its first block. */
  given?: string;
  /** The file of the reader's folder that the page's first program goes into. */
  program?: string;
  /** The files of the repository that the reader's folder contains. */
  copy: { from: string; files: string[] };
  /** Installs what the program's language needs. Returns folders for PATH. */
  programs?: () => Promise<string[]>;
  /** What else the reader's environment contains. */
  env?: () => Promise<Record<string, string>>;
}

const say = (line: string) => console.log(`      ${line}`);

const example = (name: string, ...files: string[]): PageSession => ({
  page: `examples/${name}/README.md`,
  before: "examples/README.md",
  copy: {
    from: `examples/${name}`,
    files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", ...files],
  },
});

export const SESSIONS: PageSession[] = [
  { page: "README.md", program: "index.ts", copy: { from: ".", files: [] } },
  {
    page: "examples/README.md",
    given: "npx pulumi stack init dev",
    copy: { from: "examples/quickstart", files: ["Pulumi.yaml", "package.json"] },
  },
  example("quickstart"),
  example("scheduled", "deliver.ts"),
  example("fleet", "tenants.json"),
  example("fleet-all"),
  example("deliver", "token-file.ts"),
  {
    ...example("yaml"),
    copy: { from: "examples/yaml", files: ["Pulumi.yaml"] },
    programs: async () => [await ensureLanguage("yaml", say)],
  },
  {
    ...example("python"),
    copy: { from: "examples/python", files: ["Pulumi.yaml", "__main__.py", "rotation.py", "rotate.py"] },
    programs: async () => [(await ensurePython(say)).bin, await ensureLanguage("python", say)],
    // Pulumi silently takes the next Python on PATH if it cannot find this one
    env: async () => ({ PULUMI_PYTHON_CMD: path.join((await ensurePython(say)).bin, "python3") }),
    given: "python3 -c 'import sys; print(sys.executable, sys.path)'", // shown if the page fails
  },
];

/** The blocks to run: the first one of the page before, and all of this page. */
export const blocksToFollow = ({ page, before }: PageSession): Block[] => [
  ...(before === undefined ? [] : blocksOf(before, "sh").slice(0, 1)),
  ...blocksOf(page, "sh", "text"),
];
