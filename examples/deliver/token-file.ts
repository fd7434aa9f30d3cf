import * as pulumi from "@pulumi/pulumi";
import * as fs from "node:fs";

interface TokenFileInputs {
  path: string;
  token: string;
}

/** Writes a token where only its owner can read it, and puts it in place at once: a reader never sees half of it. */
function write({ path, token }: TokenFileInputs): TokenFileInputs {
  const beside = `${path}.${process.pid}.new`;
  fs.writeFileSync(beside, token, { mode: 0o600 });
  fs.renameSync(beside, path);
  return { path, token };
}

const provider: pulumi.dynamic.ResourceProvider<TokenFileInputs, TokenFileInputs> = {
  // another path is another file; the engine's own comparison would also count a new release of Pulumi as a change
  diff: (_id, olds, news) =>
    Promise.resolve({
      changes: olds.path !== news.path || olds.token !== news.token,
      replaces: olds.path !== news.path ? ["path"] : [],
    }),
  create: (inputs) => Promise.resolve({ id: inputs.path, outs: write(inputs) }),
  update: (_id, _olds, inputs) => Promise.resolve({ outs: write(inputs) }),
  delete: (_id, { path }) => {
    fs.rmSync(path, { force: true });
    return Promise.resolve();
  },
};

/** A file that holds a token and nothing else, mode 0600. */
export class TokenFile extends pulumi.dynamic.Resource {
  constructor(name: string, args: { path: string; token: pulumi.Input<string> }) {
    super(provider, name, args, { additionalSecretOutputs: ["token"] });
  }
}
