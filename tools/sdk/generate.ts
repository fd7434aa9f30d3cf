import { execFile } from "node:child_process";
import { promisify } from "node:util";
import path from "node:path";
import { ROOT } from "../stack";

/** The schema that the SDKs are made from. */
export const SCHEMA = path.join(ROOT, "src", "hosts", "plugin", "schema.json");

/**
 * Makes the SDKs for Python and Go with Pulumi's own generators.
 *
 * @param folder gets a folder for each language
 * @throws an Error whose message says what to install
 */
export async function generateSdks(folder: string): Promise<void> {
  const args = ["run", "-mod=readonly", "-trimpath", ".", SCHEMA, folder, "python", "go"];
  try {
    await promisify(execFile)("go", args, { cwd: __dirname, env: { ...process.env, CGO_ENABLED: "0" } });
  } catch (error) {
    const { code, stderr = "" } = error as { code?: unknown; stderr?: string };
    if (code === "ENOENT")
      throw new Error(
        "Go, which runs the generators of Pulumi's SDKs, is not installed. Install Go 1.25 or newer.",
        { cause: error },
      );
    throw new Error(`The SDKs could not be generated: ${stderr.trim().split("\n").at(-1) ?? ""}`, {
      cause: error,
    });
  }
}
