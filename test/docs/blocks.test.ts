import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { findCli } from "../../tools/pulumi-cli/cli.js";
import { BLOCKS, PAGES, ROOT, commandsOf, isElsewhere } from "./markdown";
import { SESSIONS } from "./sessions";

/** Pulumi's YAML parser, which has no type declarations. */
const { load } = createRequire(__filename)("js-yaml") as { load: (text: string) => unknown };

/** Languages of blocks, and the tests that check them. */
const TESTED = new Set([
  "ts", // programs.test.ts
  "sh", // readme.test.ts and examples.test.ts
  "text", // output of the commands before it
  "json", // here
  "yaml", // here
  "mermaid", // here
  "py", // here
]);

/** The commands that pages mention with their options: `stack output --show-secrets` as `stack output`. */
function pulumiCommands(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const texts = [...PAGES.flatMap(({ codes }) => codes), ...of("sh").flatMap(commandsOf)];
  for (const text of texts)
    for (const [, rest = ""] of text.matchAll(/(?:^|&& |\|\| |npx )pulumi ([^&|]+)/g)) {
      const [command = "", sub = ""] = rest.trim().split(/\s+/);
      const name = ["config", "package", "plugin", "stack", "state"].includes(command)
        ? `${command} ${sub}`.trim()
        : command;
      const options = found.get(name) ?? new Set<string>();
      for (const [, option] of rest.matchAll(/\s(--[\w-]+)/g)) options.add(option as string);
      found.set(name, options);
    }
  return found;
}

const of = (language: string) => BLOCKS.filter((block) => block.language === language);

describe("every page", () => {
  it("contains only blocks in languages that a test checks", () => {
    assert.deepEqual(
      BLOCKS.filter(({ language }) => !TESTED.has(language)).map(({ where }) => where),
      [],
    );
    assert.ok(of("ts").length >= 8 && of("sh").length >= 10);
  });

  it("contains only commands that a test runs", () => {
    const run = new Set(SESSIONS.map(({ page }) => page));
    const untested = of("sh")
      .filter(({ file }) => !run.has(file))
      .flatMap((block) =>
        commandsOf(block)
          .filter((command) => !isElsewhere(command))
          .map((command) => `${block.where}: ${command}`),
      );
    assert.deepEqual(untested, []);
  });

  it("contains valid JSON and YAML", () => {
    for (const { text } of of("json")) JSON.parse(text);
    for (const { text } of of("yaml")) load(text);
  });

  it("quotes programs in Python and YAML from the examples, which test/e2e runs", () => {
    const programs = {
      py: readFileSync(path.join(ROOT, "examples/python/rotation.py"), "utf8"),
      yaml: readFileSync(path.join(ROOT, "examples/yaml/Pulumi.yaml"), "utf8"),
    };
    for (const [language, program] of Object.entries(programs)) {
      const quoted = of(language).filter(({ text }) => language === "py" || text.includes("runtime: yaml"));
      assert.ok(quoted.length > 0, `no page shows a program in ${language}`);
      for (const { text, where } of quoted) assert.ok(program.includes(text), where);
    }
  });

  it("contains only diagrams whose files exist", () => {
    for (const { where, text } of of("mermaid"))
      for (const [name] of text.matchAll(/\b(?:src\/)?[a-z-]+\/[a-z-]+\b/g)) {
        const file = path.join(ROOT, "src", name.replace(/^src\//, ""));
        assert.ok(
          existsSync(file) || existsSync(`${file}.ts`),
          `${where} names ${name}, which does not exist`,
        );
      }
  });

  it("links only to existing files and headings, and to websites by https", () => {
    const broken: string[] = [];
    for (const { file, links } of PAGES)
      for (const link of links) {
        if (/^https:\/\/[\w.-]+\.[a-z]+/.test(link)) continue;
        const [target = "", anchor] = link.split("#");
        const to = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
        const page = PAGES.find((each) => each.file === to);
        const targetExists =
          existsSync(path.join(ROOT, to)) && (anchor === undefined || page?.anchors.has(anchor));
        if (!targetExists) broken.push(`${file}: ${link}`);
      }
    assert.deepEqual(broken, []);
  });

  it("mentions only commands and options of the Pulumi CLI", () => {
    const commands = pulumiCommands();
    assert.ok((commands.get("up")?.size ?? 0) > 3);
    for (const [command, options] of commands) {
      const words = command.split(" ").filter((word) => !word.startsWith("-"));
      const pulumi = path.join(findCli()?.bin ?? "", "pulumi");
      // without it, the help leaves out `--plan`
      const env = { ...process.env, PULUMI_EXPERIMENTAL: "true" };
      const { stdout } = spawnSync(pulumi, [...words, "--help"], { encoding: "utf8", env });
      const [, usage = ""] = /^Usage:\n {2}pulumi (.*)$/m.exec(stdout) ?? [];
      const [, aliases = ""] = /^Aliases:\n {2}(.*)$/m.exec(stdout) ?? [];
      const isKnown =
        `${usage} `.startsWith(`${words.join(" ")} `) || aliases.split(", ").includes(words.at(-1) ?? "");
      assert.ok(isKnown, `pulumi ${command}`);
      const stackOption = command.startsWith("stack --") ? [command.slice("stack ".length)] : [];
      for (const option of [...options, ...stackOption])
        assert.match(stdout, new RegExp(`${option}\\b`), `pulumi ${command} ${option}`);
    }
  });

  it("mentions only existing npm scripts", () => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const deliver = ["server", "sync-server"]; // scripts of examples/deliver/package.json
    for (const { file, codes, blocks } of PAGES)
      for (const text of [...codes, ...blocks.map((block) => block.text)])
        for (const [, name = ""] of text.matchAll(/\bnpm run ([\w:-]+)/g))
          assert.ok(name in scripts || deliver.includes(name), `${file}: npm run ${name}`);
  });
});
