import { blocksOf, type Block } from "./markdown";

/** A page whose commands are typed one after the other, as a reader would. */
export interface Session {
  page: string;
  /** A page to follow first. */
  before?: string;
  /** What the page takes for done when it says "each stack". */
  given?: string;
  /** What of the repository its folder holds. */
  copy: { from: string; files: string[] };
}

const example = (name: string, ...files: string[]): Session => ({
  page: `examples/${name}/README.md`,
  before: "examples/README.md",
  copy: {
    from: `examples/${name}`,
    files: ["Pulumi.yaml", "package.json", "tsconfig.json", "index.ts", ...files],
  },
});

export const SESSIONS: Session[] = [
  { page: "README.md", copy: { from: ".", files: ["Pulumi.yaml", "package.json", "examples/quickstart"] } },
  {
    page: "examples/README.md",
    given: "npx pulumi stack init dev",
    copy: { from: "examples/quickstart", files: ["Pulumi.yaml", "package.json"] },
  },
  example("quickstart"),
  example("scheduled"),
  example("fleet", "tenants.json"),
  example("deliver", "token-file.ts"),
];

/** The blocks to follow; of the page before it, what is done once for all. */
export const blocksToFollow = ({ page, before }: Session): Block[] => [
  ...(before === undefined ? [] : blocksOf(before, "sh").slice(0, 1)),
  ...blocksOf(page, "sh", "text"),
];
