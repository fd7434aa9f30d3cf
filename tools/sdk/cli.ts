/** `npm run sdk`: makes the SDKs of the native plugin from its schema. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { runTool } from "../command-line.js";
import { ROOT } from "../stack";

const USAGE = `Makes the SDKs for Python and Go from the native plugin's schema, in the folder sdk.

  npm run sdk

Pulumi's own generators make them. They need Go 1.25 or newer; the first run compiles them, which takes minutes.

  --help   print this text`;

void runTool({ usage: USAGE, options: {} }, () => {
  const { status, error } = spawnSync(
    "go",
    [
      "run",
      "-mod=readonly",
      "-trimpath",
      ".",
      path.join(ROOT, "src/hosts/plugin/schema.json"),
      path.join(ROOT, "sdk"),
      "python",
      "go",
    ],
    { cwd: __dirname, stdio: "inherit", env: { ...process.env, CGO_ENABLED: "0" } },
  );
  if (error) console.error("Go, which runs Pulumi's generators, is not installed. Install Go 1.25 or newer.");
  else if (status === 0) console.log("sdk/python and sdk/go are up to date.");
  if (status !== 0) process.exitCode = 1;
  return Promise.resolve();
});
