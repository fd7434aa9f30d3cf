/** `npm run sdk`: makes the SDKs of the native plugin from its schema. */
import path from "node:path";
import { runTool } from "../command-line.js";
import { ROOT } from "../stack";
import { generateSdks } from "./generate";

const USAGE = `Makes the SDKs for Python and Go from the native plugin's schema, in the folder sdk.

  npm run sdk

Pulumi's own generators make them. They need Go 1.25 or newer; the first run compiles them, which takes minutes.

  --help   print this text`;

void runTool({ usage: USAGE, options: {} }, async () => {
  try {
    await generateSdks(path.join(ROOT, "sdk"));
    console.log("sdk/python and sdk/go are up to date.");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
});
