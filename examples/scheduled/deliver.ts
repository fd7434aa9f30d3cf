import { spawnSync } from "node:child_process";
import * as pulumi from "@pulumi/pulumi";

interface DeliveryInputs {
  command: string;
  token: string;
}

/** Runs the command with the token as its standard input, which other processes cannot see, unlike its arguments. */
function send({ command, token }: DeliveryInputs): DeliveryInputs {
  const { status, stderr } = spawnSync(command, { shell: true, input: token, encoding: "utf8" });
  if (status !== 0)
    throw new Error(`The delivery failed (\`${command}\`): ${stderr.replaceAll(token, "[token]").trim()}`);
  return { command, token };
}

const provider: pulumi.dynamic.ResourceProvider<DeliveryInputs, DeliveryInputs> = {
  // the engine's default comparison would also treat a new Pulumi release as a change
  diff: (_id, olds, news) =>
    Promise.resolve({ changes: olds.command !== news.command || olds.token !== news.token }),
  create: (inputs) => Promise.resolve({ id: "delivery", outs: send(inputs) }),
  update: (_id, _olds, inputs) => Promise.resolve({ outs: send(inputs) }),
};

/** Sends a token to its consumers whenever it changes. A failed delivery fails the run, and the next run sends it again. */
export class Delivery extends pulumi.dynamic.Resource {
  constructor(name: string, args: { command: string; token: pulumi.Input<string> }) {
    super(provider, name, args, { additionalSecretOutputs: ["token"] });
  }
}
