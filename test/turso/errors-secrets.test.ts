import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { inspect } from "node:util";
import { useServers } from "../support/server";
import { FakeTurso, PATIENCE, failure, inputs, state } from "../support/fake-turso";

const JWT =
  "eyJhbGciOiJFZERTQSJ9.eyJhIjoicnciLCJpYXQiOjE3MDAwMDAwMDB9.c2lnbmF0dXJlLXRoYXQtbXVzdC1ub3QtYmUtc2Vlbg";
/** Does not wait while the rate is limited: these tests are about texts. */
const IMPATIENT = { retryPolicy: { ...PATIENCE, patienceMs: 0 } };
/** A part of a secret that is this long counts as a leak. */
const REVEALING_LENGTH = 16;

/** How servers may echo the credentials that they were sent. */
const ECHOES: Record<string, (authorization: string) => string> = {
  "in the error": (authorization) =>
    JSON.stringify({ error: `bad header Authorization: ${authorization}; was ${JWT}` }),
  "in an error that is an object": (authorization) =>
    JSON.stringify({ error: { header: authorization, jwt: JWT } }),
  "in other JSON": (authorization) => JSON.stringify({ message: authorization, jwt: JWT }),
  "in plain text": (authorization) => `cannot use ${authorization} (${JWT})`,
  "in a long text": (authorization) => `${"x".repeat(180)} ${authorization} ${JWT}`,
  "in the title of a web page": (authorization) =>
    `<html><title>Rejected ${authorization}</title>${JWT}</html>`,
  "in a web page": (authorization) => `<html><title>No</title>${authorization} ${JWT}</html>`,
};

const TOKENS: Record<string, string> = {
  "an opaque one": "opaque-api-token-0123456789",
  "a JWT": JWT.replace("eyJhI", "eyJpI"),
  "one with characters of a pattern": "a.b+c$d(e)[f]^g|0123456789",
  "one that fills a title": `long-${"0123456789abcdef".repeat(10)}`,
  "one whose setting ends with a line break": "opaque-api-token-0123456789\n",
};

function assertHidden(text: string, secrets: string[]): void {
  for (const secret of secrets)
    for (let start = 0; start + REVEALING_LENGTH <= secret.length; start += 1) {
      const part = secret.slice(start, start + REVEALING_LENGTH);
      assert(!text.includes(part), `shows ${JSON.stringify(part)} of a secret:\n${text}`);
    }
}

describe("errors, states and messages contain neither the API token nor a JWT", () => {
  const turso = FakeTurso.use();
  const serve = useServers();

  /** An API that answers lookups normally and rotations with the given handler. */
  const listen = (onRotate: (request: IncomingMessage, response: ServerResponse) => void) =>
    serve((request, response) => {
      if (request.method === "POST") {
        onRotate(request, response);
        return;
      }
      const group = { name: "solo", uuid: "u" };
      response.end(JSON.stringify({ group, databases: [] }));
    });

  for (const [what, token] of Object.entries(TOKENS))
    for (const [where, echo] of Object.entries(ECHOES))
      it(`if a server echoes ${what} ${where}`, async () => {
        const secrets = [token.trim(), JWT];
        for (const status of [401, 404, 429, 500]) {
          const { url } = await listen((request, response) =>
            response.writeHead(status).end(echo(request.headers.authorization ?? "")),
          );
          turso.forgetMessages();
          const logic = turso.logic({ apiUrl: url, apiToken: token }, IMPATIENT);
          const news = inputs({ scope: { group: "solo" }, trigger: "2" });
          const update = logic.update(state({ scope: { group: "solo" } }), news);
          if (status < 500) {
            const { message, stack } = await failure(update);
            assert.match(message, new RegExp(`^Rotating acme/groups/solo.*the API answered ${status} \\(`));
            assertHidden(String(stack), secrets);
          } else
            assert.match(
              (await update).failures["solo"] ?? "",
              new RegExp(`^the API answered ${status} \\(`),
            );
          // the error, or the state to save
          const result = await update.catch((error: unknown) => error);
          for (const text of [
            String(result),
            JSON.stringify(result),
            inspect(result, { depth: null, showHidden: true }),
            turso.messages.join("\n"),
          ])
            assertHidden(text, secrets);
        }
      });

  it("if a lookup fails, in a preview and in a refresh", async () => {
    const { url } = await serve((request, response) =>
      response.writeHead(403).end(JSON.stringify({ error: `${request.headers.authorization ?? ""} ${JWT}` })),
    );
    const apiToken = "opaque-api-token-0123456789";
    const logic = turso.logic({ apiUrl: url, apiToken });
    await logic.check({}, { scope: { database: "app" }, trigger: 1 });
    await logic.read("acme/databases/app", state());
    assert.equal(turso.messages.length, 2);
    assert.match(turso.messages.join("\n"), /\[redacted\] \[redacted\]/);
    assertHidden(turso.messages.join("\n"), [apiToken, JWT]);
  });

  it("if the response breaks off after them", async () => {
    const apiToken = "opaque-api-token-0123456789";
    for (const status of [200, 401, 500]) {
      const { url } = await listen((request, response) => {
        response.writeHead(status, { "content-length": "1000" });
        response.write(`{"error": "${request.headers.authorization ?? ""}`, () => response.socket?.destroy());
      });
      const result = await turso
        .logic({ apiUrl: url, apiToken })
        .create(inputs({ scope: { group: "solo" } }))
        .catch((error: unknown) => error);
      assertHidden(inspect(result, { depth: null, showHidden: true }), [apiToken]);
    }
  });

  it("if the API token cannot be sent in a header", async () => {
    const apiToken = "opaque-api-token-0123456789\r\nX-Injected: 1\u0000é日";
    const { url, requests } = await serve((_, response) => response.writeHead(401).end());
    const error = await failure(turso.logic({ apiUrl: url, apiToken }).create(inputs()));
    assertHidden(inspect(error, { depth: null, showHidden: true }), ["opaque-api-token-0123456789"]);
    assert.deepEqual(
      requests.map(({ headers }) => headers["x-injected"]),
      requests.map(() => undefined),
    );
  });
});
