import * as pulumi from "@pulumi/pulumi";
import * as fs from "node:fs";

interface TokenFileInputs {
  path: string;
  token: string;
}

/** Writes a token that only its owner can read, and replaces the file atomically: a reader never sees a partial token. */
function write({ path, token }: TokenFileInputs): TokenFileInputs {
  const temporary = `${path}.${process.pid}.new`;
  fs.writeFileSync(temporary, token, { mode: 0o600 });
  fs.renameSync(temporary, path);
  return { path, token };
}

const provider: pulumi.dynamic.ResourceProvider<TokenFileInputs, TokenFileInputs> = {
  // a changed path replaces the file; the engine's default comparison would also treat a new Pulumi release as a change
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

/** A file with mode 0600 that contains a token and nothing else. */
export class TokenFile extends pulumi.dynamic.Resource {
  constructor(name: string, args: { path: string; token: pulumi.Input<string> }) {
    super(provider, name, args, { additionalSecretOutputs: ["token"] });
  }
}
