/** One combination of Node.js, packages and loader. */
export interface Cell {
  /** A major version, which stands for its newest release. */
  node: number;
  pulumi: string;
  typescript: string;
  loader: "Pulumi's own" | "ts-node" | "tsx";
}

/** The versions that `package.json` pins. */
const BASE: Cell = { node: 22, pulumi: "3.245.0", typescript: "5.9", loader: "Pulumi's own" };

/**
 * Varies one axis at a time, and adds the oldest and newest combination. The lowest Pulumi SDK is the lower bound of
 * the peer range. A tag such as `latest` or a partial version stands for its newest release.
 */
export const CELLS: Cell[] = [
  ...[20, 22, 24, 26].map((node) => ({ ...BASE, node })),
  ...["3.200.0", "latest"].map((pulumi) => ({ ...BASE, pulumi })),
  ...["5.0", "6"].map((typescript) => ({ ...BASE, typescript })),
  { ...BASE, loader: "ts-node" },
  { ...BASE, loader: "tsx" },
  { node: 20, pulumi: "3.200.0", typescript: "5.0", loader: "Pulumi's own" },
  { node: 26, pulumi: "latest", typescript: "6", loader: "tsx" },
];

/** The dependencies of a cell's program; a loader is installed in its newest version. */
export const packagesOf = ({ pulumi, typescript, loader }: Cell): Record<string, string> => ({
  "@pulumi/pulumi": pulumi,
  typescript,
  "@types/node": "20",
  ...(loader === "Pulumi's own" ? {} : { [loader]: "latest" }),
});

/** A cell's Pulumi.yaml. For tsx, Node.js loads the loader, and Pulumi must not load its own. */
export const projectFile = ({ loader }: Cell): string =>
  loader === "tsx"
    ? `name: app\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n    nodeargs: "--import tsx"\nmain: index.ts\n`
    : "name: app\nruntime: nodejs\n";
