import assert from "node:assert/strict";
import { closedPort, useServers } from "../support/server";
import { ControlPlane } from "./control-plane";
import { exchange, Secrets } from "./exchange";
import { sightOf } from "./watch";

const OPAQUE = "opaque-token-without-the-form-of-a-jwt";

describe("what the live test records", () => {
  const serve = useServers();

  const api = (apiUrl: string) =>
    new ControlPlane(
      { apiUrl, apiToken: "api-secret", apiTokenOrigin: "the test" },
      "acme",
      new Secrets(),
      new AbortController().signal,
      1,
    );
  const mint = async (body: string, status = 200) => {
    const { url } = await serve((_, response) => response.writeHead(status).end(body));
    return api(url).mint({ kind: "database", name: "app" }, "15m", "mint");
  };

  it("shows the shape of a minted token's response, whatever holds the token", async () => {
    assert.deepEqual((await mint(`{"jwt":"${OPAQUE}"}`)).call.body, '{"jwt":"[redacted]"}');
    const unknown = await mint(`{"token":{"value":"${OPAQUE}","id":7}}`);
    assert.deepEqual(
      [unknown.jwt, unknown.call.body],
      [undefined, '{"token":{"value":"[redacted]","id":7}}'],
    );
    const plain = await mint(OPAQUE);
    assert.equal(plain.call.body, `not JSON (38 characters, not shown because they may hold a token)`);
  });

  it("contains no API token that an error echoes", async () => {
    const { call } = await mint('{"error":"bad token api-secret"}', 403);
    assert.deepEqual([call.status, call.body], [403, '{"error":"bad token [redacted]"}']);
  });

  it("contains no minted token that a database echoes", () => {
    const secrets = new Secrets();
    secrets.add(OPAQUE);
    assert.deepEqual(sightOf({ status: 401, text: `bad ${OPAQUE}` }, secrets), {
      verdict: "rejected",
      status: 401,
      text: "bad [redacted]",
    });
  });

  it("says why there was no answer", async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const { status, text } = await exchange({ method: "GET", url, token: "t" });
    assert.equal(status, undefined);
    assert.match(text, /^no answer \(.*ECONNREFUSED.*\)$/);
  });

  it("does not follow a redirect with the token", async () => {
    const other = await serve((_, response) => response.end());
    const { url } = await serve((_, response) => response.writeHead(307, { location: other.url }).end());
    assert.equal((await exchange({ method: "POST", url, token: "t" })).status, 307);
    assert.equal(other.requests.length, 0);
  });

  it("takes only a 401 for a rejection, and only results for an acceptance", () => {
    const verdict = (status: number | undefined, text: string) =>
      sightOf({ status, text }, new Secrets()).verdict;
    assert.equal(verdict(401, ""), "rejected");
    assert.equal(verdict(200, '{"results":[{"type":"ok"}]}'), "accepted");
    assert.equal(verdict(200, "<html>sign in</html>"), "unclear");
    assert.equal(verdict(200, '{"results":[]}'), "unclear");
    for (const status of [400, 403, 404, 429, 503, undefined]) assert.equal(verdict(status, ""), "unclear");
  });

  it("shows an error among the results, for example of a database whose reads are blocked", () => {
    const text = '{"results":[{"type":"error","error":{"message":"reads are blocked","code":"BLOCKED"}}]}';
    const { verdict, text: shown } = sightOf({ status: 200, text }, new Secrets());
    assert.deepEqual([verdict, shown], ["accepted", '{"message":"reads are blocked","code":"BLOCKED"}']);
  });
});
