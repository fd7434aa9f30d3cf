import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { FaultAction } from "../../emulator";
import { Sandbox } from "./sandbox";

const JWT_LIKE = /eyJ[\w-]+\.[\w-]+\.[\w-]+/;
const ROTATE = /\/auth\/rotate$/;
const MINT = /\/auth\/tokens/;
const UP = ["up", "--yes", "--skip-preview"];
const LOGS = ["-v=9", "--logtostderr"];

/**
 * What Pulumi itself writes of every resource, whatever package it is of: the payloads of its calls at -v=9, and its
 * Node SDK's record of a registration, at -v=8 too, with --debug, and among the events of `up --json`.
 */
const PULUMI_ITSELF =
  /(?:"msg":"(?:M|Unm)arshaling property for RPC\[|"(?:msg":"|message":").*RegisterResource RPC finished: )/;

/** A token that the program exports as it is, without pulumi.secret. */
const program = (trigger: number, args = "") =>
  `const scope = { database: "app" };
   const rotation = new turso.TokenRotation("r", { scope, trigger: ${trigger}, verifyTimeout: "1s", ${args} });
   exports.token = new turso.AuthToken("t", { scope, rotation }).token;`;

interface Artefact {
  name: string;
  text: string;
}

/** Everything that a stack's runs leave behind, and every secret that there was. */
class Witness {
  readonly minted: string[] = [];
  readonly artefacts: Artefact[] = [];
  readonly logs: Artefact[] = [];

  constructor(readonly sandbox: Sandbox) {
    const { platform } = sandbox.turso;
    for (const kind of ["mintDatabaseToken", "mintGroupToken"] as const) {
      const mint = platform[kind].bind(platform);
      platform[kind] = async (...args) => {
        const jwt = await mint(...args);
        this.minted.push(jwt);
        return jwt;
      };
    }
  }

  get secrets(): string[] {
    return [this.sandbox.turso.apiToken, ...this.minted];
  }

  /** Runs the CLI and keeps what it printed, its own logs apart. */
  async run(name: string, fails: boolean, ...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.sandbox.stack.run(...args);
    assert.equal(code !== 0, fails, `${name}: ${stdout}${stderr}`);
    const isDebugged = args.includes("--logtostderr") || (args[0] === "up" && args.includes("--json"));
    (isDebugged ? this.logs : this.artefacts).push({ name, text: stdout + stderr });
    return stdout + stderr;
  }

  /** The files of the backend with the history and backups of each run, of the CLI's home and of the project. */
  async keepFiles(): Promise<void> {
    const { folder } = this.sandbox.stack;
    this.artefacts.push({ name: "the exported state", text: await this.sandbox.stack.state() });
    for (const file of filesIn(folder))
      this.artefacts.push({ name: path.relative(folder, file), text: readFileSync(file, "latin1") });
    this.artefacts.push({ name: "the emulator's log", text: JSON.stringify(this.sandbox.turso.log) });
  }

  /** What of a text gives a secret away: whole, its last part, or encoded. */
  found(text: string): string[] {
    const forms = (secret: string) => [
      secret.slice(-20),
      Buffer.from(secret).toString("base64").slice(0, -4),
      Buffer.from(secret).toString("hex"),
    ];
    return this.secrets.filter((secret) => forms(secret).some((form) => text.includes(form)));
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) return filesIn(file);
    return entry.isFile() ? [file] : []; // neither links nor pipes, which are read for ever
  });
}

describe("no secret outside of its place, with the real CLI", () => {
  let witness: Witness;
  const echo = (status: number): FaultAction => {
    const body = JSON.stringify({
      error: `bad Bearer ${witness.sandbox.turso.apiToken} ${witness.minted.at(-1) ?? ""}`,
    });
    return { type: "status", status, body };
  };

  before(async () => {
    const sandbox = await Sandbox.create({ program: program(1), blastRadius: "database" });
    witness = new Witness(sandbox);
    const { turso, stack } = sandbox;
    await witness.run("an up with its preview", false, "up", "--yes", "--diff");
    await witness.run("a refresh, logged", false, "refresh", "--yes", "--skip-preview", ...LOGS);
    stack.write(program(2));
    await witness.run("a preview as JSON", false, "preview", "--json", "--diff");
    await witness.run("an up as JSON", false, ...UP, "--json");

    stack.write(program(3));
    turso.fault({ path: ROTATE, when: "before", action: echo(403) });
    await witness.run("a refusal that echoes the credentials", true, ...UP);

    turso.fault({ path: ROTATE, when: "before", action: echo(500) });
    turso.fault({ plane: "data", path: /./, when: "before", action: { type: "drop" }, skip: 1, times: 99 });
    const lost = await witness.run("a lost answer, saved with its canary, logged", true, ...UP, ...LOGS);
    assert.match(lost, /It is saved as pending/);
    turso.clearFaults();
    const pending = await stack.state();
    assert.match(pending, /"pending": \{\s*"4dabf18193072939515e22adb298388d"/);
    witness.artefacts.push({ name: "the exported state, with what is pending", text: pending });

    stack.write(program(4, `verify: "required",`));
    const alive: FaultAction = { type: "status", status: 200, body: '{"results":[]}' };
    turso.fault({ plane: "data", path: /./, when: "before", action: alive, times: 9_999 });
    const outlived = await witness.run("old tokens that outlive the proof", true, ...UP);
    assert.match(outlived, /old tokens are still accepted after 1/);
    turso.clearFaults();

    stack.write(program(5));
    turso.fault({ path: MINT, when: "after", action: echo(402), skip: 1 });
    const unminted = await witness.run("a token that cannot be minted", true, ...UP);
    assert.match(unminted, /Minting a token .* 402/);
    await witness.run("an up that goes on there", false, ...UP);
    await witness.keepFiles();
  });
  after(() => witness.sandbox.close());

  it("in the state, its backups and the history of each run, the output, JSON previews and the emulator's log", () => {
    assert.ok(witness.minted.length >= 8, "too few tokens were minted for this to prove anything");
    for (const place of [/^backend.*history/, /^backend.*backups/, /^home/, /^project/, /emulator/])
      assert.ok(
        witness.artefacts.some(({ name }) => place.test(name)),
        `nothing of ${String(place)} was looked at`,
      );
    for (const { name, text } of witness.artefacts) {
      assert.deepEqual(witness.found(text), [], `${name} holds a secret in clear`);
      assert.doesNotMatch(text, JWT_LIKE, `${name} holds a JWT in clear`);
    }
  });

  it("in Pulumi's debug logs, but for the payloads that Pulumi writes there itself", () => {
    assert.equal(witness.logs.length, 3);
    for (const { name, text } of witness.logs)
      for (const line of text.split("\n"))
        if (witness.found(line).length > 0 || JWT_LIKE.test(line))
          assert.ok(PULUMI_ITSELF.test(line), `${name}: ${line.slice(0, 120)}`);
  });

  it("each error path is told in a sentence, with the credentials redacted", () => {
    const said = witness.artefacts.find(({ name }) => name === "a refusal that echoes the credentials");
    assert.match(said?.text ?? "", /the API answered 403 \(bad Bearer \[redacted\] \[redacted\]\)/);
  });

  it("an AuthToken's token is a secret although the program exports it as it is, after a refresh too", async () => {
    const { stack } = witness.sandbox;
    await stack.must("refresh", "--yes", "--skip-preview");
    const { stdout } = await stack.must("stack", "output", "--json");
    assert.deepEqual(JSON.parse(stdout), { token: "[secret]" });
    assert.match(String((await stack.outputs())["token"]), JWT_LIKE);
    const state = await stack.state();
    assert.deepEqual([witness.found(state), JWT_LIKE.test(state)], [[], false]);
  });
});
