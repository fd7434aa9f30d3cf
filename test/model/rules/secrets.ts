import assert from "node:assert/strict";
import { inspect } from "node:util";
import type { SavedResource } from "../world/engine";
import type { ModelOrganization } from "../world/organization";
import type { Process } from "../world/process";

const SECRET_OUTPUTS = new Set(["token", "tokens", "pending", "heldTrigger"]);

/** Checks that no text contains a credential. */
export class SecretsRule {
  #logged = 0;

  constructor(private readonly organization: ModelOrganization) {}

  /** After a run: its messages, its error, the requests, and what the state keeps in plain text. */
  judge({ messages }: Process, state: ReadonlyMap<string, SavedResource>, error?: Error): void {
    this.check("a message", messages.join("\n"));
    if (error) {
      const shown = [error.message, error.stack, error.cause, Object.entries(error)];
      this.check("an error", inspect(shown, { depth: 10 }));
    }
    const { log } = this.organization.emulator;
    this.check("the log", JSON.stringify(log.slice(this.#logged)));
    this.#logged = log.length;
    for (const [name, { inputs, outputs }] of state) {
      const plain = Object.entries(outputs).filter(([key]) => !SECRET_OUTPUTS.has(key));
      this.check(`the state of ${name}`, JSON.stringify([inputs, plain]));
    }
  }

  check(where: string, text: string): void {
    const found = this.organization.secrets.find((secret) => text.includes(secret));
    assert(
      found === undefined,
      `rule 4: ${where} contains a credential: ${text.replaceAll(found ?? "", "<HERE>")}`,
    );
  }
}
