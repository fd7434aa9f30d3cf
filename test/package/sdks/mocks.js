// @ts-check
// Runs a compiled program with Pulumi's mocks, and prints the resources that it registers: `mocks.js PROGRAM ROUND`, with the
// config as JSON in the environment. ROUND stands for a rotation: it is part of each token and of each time.
"use strict";

const { createRequire } = require("node:module");
const path = require("node:path");

const [program = "", round = ""] = process.argv.slice(2);
const load = createRequire(path.resolve(program));
// the SDK that the program uses, and not that of this repository
const pulumi = load("@pulumi/pulumi");
const config = JSON.parse(process.env["CONFIG"] ?? "{}");

/** @type {{ type: string, name: string, inputs: Record<string, unknown> }[]} */
const resources = [];

/** What a provider would add to the inputs; the engine marks tokens as secrets. @param {string} name @param {Record<string, any>} inputs */
const outputs = (name, inputs) => ({
  ...inputs,
  token: pulumi.secret(`token-${round}`),
  tokens: pulumi.secret(
    Object.fromEntries(
      (config.databases ?? []).map((/** @type {string} */ each) => [each, `token-${each}-${round}`]),
    ),
  ),
  mintedAt: `minted-${round}`,
  rotatedAt: `rotated-${round}`,
  rotationId: round,
  failures: {},
  metadata: { name: `${name}-1a2b3c` },
});

void pulumi.runtime.setMocks(
  {
    call: (/** @type {{ inputs: object }} */ { inputs }) => inputs,
    newResource: (
      /** @type {{ type: string, name: string, inputs: Record<string, unknown> }} */ { type, name, inputs },
    ) => {
      resources.push({ type, name, inputs });
      return { id: `${name}-id`, state: outputs(name, inputs) };
    },
  },
  "recipe",
  "test",
);
pulumi.runtime.setAllConfig(
  Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      `recipe:${key}`,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  ),
);

process.on("beforeExit", () => {
  process.stdout.write(JSON.stringify(resources.splice(0)));
  process.removeAllListeners("beforeExit");
});
load(path.resolve(program));
