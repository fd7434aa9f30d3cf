import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
} from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { SCHEMA, generateSdks } from "../sdk/generate";
import { ROOT } from "../stack";

const run = promisify(execFile);
const CACHE = path.join(ROOT, "node_modules", ".cache");
const PREFIX = "python-";
const REQUIREMENTS = path.join(__dirname, "requirements.txt");
const GENERATOR = ["main.go", "go.mod"].map((name) => path.join(__dirname, "..", "sdk", name));

/** What Python programs need to run. */
export interface PythonEnvironment {
  /** The folder with `python`, for PATH. */
  bin: string;
  /** The generated SDKs, in a folder for each language. */
  sdks: string;
}

/**
 * A virtual environment with Pulumi's SDK and this project's own, which is made from the schema. It is kept until one of
 * its ingredients changes.
 *
 * @param say progress
 * @throws an Error whose message says what to install
 */
export async function ensurePython(say: (line: string) => void): Promise<PythonEnvironment> {
  const version = await findPython();
  const hash = createHash("sha256").update(version);
  for (const file of [REQUIREMENTS, SCHEMA, ...GENERATOR]) hash.update(readFileSync(file));
  const name = `${PREFIX}${hash.digest("hex").slice(0, 12)}`;
  const folder = path.join(CACHE, name);
  if (!existsSync(folder)) await install(folder, say);
  for (const other of readdirSync(CACHE))
    if (other.startsWith(PREFIX) && other !== name) rmSync(path.join(CACHE, other), { recursive: true });
  return { bin: path.join(folder, "venv", "bin"), sdks: path.join(folder, "sdks") };
}

const INSTALL = "Install Python 3.10 or newer, with its modules venv and pip, so that `python3` is on PATH";
const PROBE = "import sys, venv, ensurepip; assert sys.version_info >= (3, 10); print(sys.version)";

/** @returns the version of the machine's Python */
async function findPython(): Promise<string> {
  try {
    return (await run("python3", ["-c", PROBE])).stdout;
  } catch (error) {
    throw new Error(`Python, which runs the tests of Python programs, is missing. ${INSTALL}.`, {
      cause: error,
    });
  }
}

async function install(folder: string, say: (line: string) => void): Promise<void> {
  say("Python programs: installing Pulumi's SDK and generating this project's (the first run takes minutes)");
  mkdirSync(CACHE, { recursive: true });
  const stage = mkdtempSync(path.join(CACHE, "stage-"));
  try {
    const sdks = path.join(stage, "sdks");
    await generateSdks(sdks);
    await run("python3", ["-m", "venv", path.join(stage, "venv")]);
    await pip(stage, "-r", REQUIREMENTS);
    // from a copy, because a build leaves files beside its sources
    const source = path.join(stage, "source");
    cpSync(path.join(sdks, "python"), source, { recursive: true });
    await pip(stage, "--no-deps", source);
    // an interrupted installation leaves no incomplete folder under the final name
    renameSync(stage, folder);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

async function pip(stage: string, ...args: string[]): Promise<void> {
  const options = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  try {
    await run(path.join(stage, "venv", "bin", "python"), [...options, ...args]);
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const reason = stderr.trim().split("\n").at(-1) ?? "";
    throw new Error(`pip could not install what Python programs need: ${reason}`, { cause: error });
  }
}
