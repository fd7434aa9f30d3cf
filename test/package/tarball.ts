import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../../tools/stack";

let packed: string | undefined;

/** The package as `npm publish` would upload it, packed from the existing `dist` once per process. */
export function tarball(): string {
  if (packed === undefined) {
    const folder = mkdtempSync(path.join(tmpdir(), "pulumi-turso-tokens-pack-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    packed = pack(ROOT, folder);
  }
  return packed;
}

/** Packs a folder without running scripts: `prepack` would rebuild `dist` while other tests use it. */
export function pack(source: string, destination: string): string {
  const args = ["pack", "--silent", "--ignore-scripts", "--pack-destination", destination, source];
  execFileSync("npm", args, { stdio: ["ignore", "ignore", "inherit"] });
  const [name, ...others] = readdirSync(destination).filter((file) => file.endsWith(".tgz"));
  if (name === undefined || others.length > 0) throw new Error(`expected one tarball in ${destination}`);
  return path.join(destination, name);
}

/** Unpacks a tarball into a folder and returns the names of its files. */
export function unpack(archive: string, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", archive, "-C", folder, "--strip-components", "1"]);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => path.relative(folder, path.join(parentPath, name)))
    .sort();
}

interface Manifest {
  name: string;
  version: string;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

export const manifest = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as Manifest;
