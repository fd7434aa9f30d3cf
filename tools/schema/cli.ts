/** `npm run schema`: makes the schema of the native plugin. */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runTool } from "../command-line.js";
import { ROOT } from "../stack";
import { packageSchema } from "./package";

const FILE = "src/hosts/plugin/schema.json";

const USAGE = `Makes ${FILE}, the Pulumi package schema of the native plugin.

  npm run schema

It is made from the types of the public API, their documentation comments, and the version of package.json.

  --help   print this text`;

void runTool({ usage: USAGE, options: {} }, () => {
  const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    version: string;
  };
  writeFileSync(path.join(ROOT, FILE), `${JSON.stringify(packageSchema(version), null, 2)}\n`);
  console.log(`${FILE} is up to date.`);
  return Promise.resolve();
});
