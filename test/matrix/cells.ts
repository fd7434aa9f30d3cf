/** One program: which Node.js runs it, with which packages, and what compiles it. */
export interface Cell {
  /** A major version; its newest release is taken. */
  node: number;
  pulumi: string;
  typescript: string;
  loader: "Pulumi's own" | "ts-node" | "tsx";
}

/** `package.json` pins the middle ones; the lowest is what its peer range allows. */
const BASE: Cell = { node: 22, pulumi: "3.245.0", typescript: "5.9", loader: "Pulumi's own" };

/** Each axis by itself, and the two corners. A word such as `latest`, or a part of a version, means its newest release. */
export const CELLS: Cell[] = [
  ...[20, 22, 24, 26].map((node) => ({ ...BASE, node })),
  ...["3.200.0", "latest"].map((pulumi) => ({ ...BASE, pulumi })),
  ...["5.0", "6"].map((typescript) => ({ ...BASE, typescript })),
  { ...BASE, loader: "ts-node" },
  { ...BASE, loader: "tsx" },
  { node: 20, pulumi: "3.200.0", typescript: "5.0", loader: "Pulumi's own" },
  { node: 26, pulumi: "latest", typescript: "6", loader: "tsx" },
];

/** What a cell's program asks of npm; a loader at its newest. */
export const packagesOf = ({ pulumi, typescript, loader }: Cell): Record<string, string> => ({
  "@pulumi/pulumi": pulumi,
  typescript,
  "@types/node": "20",
  ...(loader === "Pulumi's own" ? {} : { [loader]: "latest" }),
});

/** A cell's Pulumi.yaml: tsx is loaded by Node.js itself, so that Pulumi must not load its own. */
export const projectFile = ({ loader }: Cell): string =>
  loader === "tsx"
    ? `name: app\nruntime:\n  name: nodejs\n  options:\n    typescript: false\n    nodeargs: "--import tsx"\nmain: index.ts\n`
    : "name: app\nruntime: nodejs\n";
