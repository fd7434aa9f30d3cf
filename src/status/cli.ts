#!/usr/bin/env node
import { readFileSync, writeFileSync } from "node:fs";
import { run } from "./command";

// a reader such as `head` may close the pipe early
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

async function readStdin(): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

void run(process.argv.slice(2), {
  now: new Date(),
  stdin: process.stdin.isTTY ? undefined : readStdin,
  readFile: (name) => readFileSync(name),
  writeFile: (name, text) => writeFileSync(name, text),
  print: (text) => process.stdout.write(text),
  printError: (text) => process.stderr.write(text),
}).then((code) => (process.exitCode = code));
