import assert from "node:assert/strict";
import { isLoopback, parseApiUrl, readSettings } from "../../src/turso/connection";

const read = (config: Record<string, unknown>, env: Record<string, string | undefined> = {}) =>
  readSettings((key) => config[key], env);

describe("the settings", () => {
  it("may all be missing: the URL has a default, and the others are reported when they are needed", () => {
    assert.deepEqual(read({}), {
      configNamespace: "turso",
      apiUrl: "https://api.turso.tech",
      apiToken: undefined,
      apiTokenOrigin: "the environment's TURSO_API_TOKEN",
      organization: undefined,
      organizationIsConfigured: false,
    });
  });

  it("come from the environment", () => {
    const env = {
      TURSO_API_TOKEN: "from-env",
      TURSO_ORGANIZATION: "acme",
      TURSO_API_BASEURL: "http://127.0.0.1:8080",
    };
    assert.deepEqual(read({}, env), {
      configNamespace: "turso",
      apiUrl: "http://127.0.0.1:8080",
      apiToken: "from-env",
      apiTokenOrigin: "the environment's TURSO_API_TOKEN",
      organization: "acme",
      organizationIsConfigured: false,
    });
  });

  it("come from stack config before the environment", () => {
    const config = {
      "turso:apiToken": "from-config",
      "turso:organization": "configured",
      "turso:apiUrl": "https://api.example",
    };
    const env = { TURSO_API_TOKEN: "from-env", TURSO_ORGANIZATION: "a/b", TURSO_API_BASEURL: "garbage" };
    assert.deepEqual(read(config, env), {
      configNamespace: "turso",
      apiUrl: "https://api.example",
      apiToken: "from-config",
      apiTokenOrigin: "stack config turso:apiToken",
      organization: "configured",
      organizationIsConfigured: true,
    });
  });

  for (const value of [{ production: "x" }, ["x"], '{"production":"x"}'])
    it(`must be texts, which ${JSON.stringify(value)} is not; the problem does not repeat it`, () => {
      assert.deepEqual(read({ "turso:apiToken": value }), {
        property: "apiToken",
        problem: "Stack config turso:apiToken must be text, not an object or a list: set it without --path.",
      });
    });

  it("count as missing if they are empty", () => {
    const config = { "turso:apiToken": "", "turso:organization": "", "turso:apiUrl": "" };
    const env = { TURSO_API_TOKEN: "", TURSO_ORGANIZATION: "", TURSO_API_BASEURL: "" };
    assert.deepEqual(read(config, env), read({}));
  });

  for (const [config, env, property, problem] of [
    [
      { "turso:apiUrl": "nonsense" },
      {},
      "apiUrl",
      "The API's URL, read from stack config turso:apiUrl, is not a URL; it should look like https://api.turso.tech.",
    ],
    [
      {},
      { TURSO_API_BASEURL: "ftp://api.turso.tech" },
      "apiUrl",
      "The API's URL, read from the environment's TURSO_API_BASEURL, must start with https://.",
    ],
    [
      { "turso:organization": "a/b" },
      { TURSO_ORGANIZATION: "acme" },
      "organization",
      `the stack config's turso:organization "a/b" must start with a letter or a digit and contain only letters, digits, "-" and "_".`,
    ],
    [
      {},
      { TURSO_ORGANIZATION: ".." },
      "organization",
      `the environment's TURSO_ORGANIZATION ".." must start with a letter or a digit and contain only letters, digits, "-" and "_".`,
    ],
  ] as const)
    it(`with ${JSON.stringify({ ...config, ...env })} are invalid`, () =>
      assert.deepEqual(read(config, env), { property, problem }));
});

describe("the API's URL", () => {
  for (const [text, url] of [
    ["https://api.turso.tech", "https://api.turso.tech"],
    ["https://api.turso.tech/", "https://api.turso.tech"],
    ["HTTPS://API.TURSO.TECH", "https://api.turso.tech"],
    ["https://api.turso.tech:8443", "https://api.turso.tech:8443"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://127.9.8.7:1", "http://127.9.8.7:1"],
    ["http://localhost:8080/", "http://localhost:8080"],
    ["http://[::1]:8080", "http://[::1]:8080"],
  ] as const)
    it(`may be ${text}`, () => assert.deepEqual(parseApiUrl(text), { url }));

  const plain = (host: string): string =>
    `must start with https://: plain http would show the API token to the network (host ${host})`;
  const NOT_A_URL = "is not a URL; it should look like https://api.turso.tech";
  const CREDENTIALS = "must not contain a user name or a password; the API token is set separately";
  const path = (origin: string): string =>
    `must end after the host, without a path, a query or a fragment; ${origin} would do`;

  for (const [text, problem] of [
    ["", NOT_A_URL],
    ["garbage", NOT_A_URL],
    ["api.turso.tech", NOT_A_URL],
    ["//api.turso.tech", NOT_A_URL],
    ["https://", NOT_A_URL],
    ["ftp://api.turso.tech", "must start with https://"],
    ["file:///etc/passwd", "must start with https://"],
    ["javascript:alert(1)", "must start with https://"],
    ["localhost:8080", "must start with https://"],
    ["http://api.turso.tech", plain("api.turso.tech")],
    ["http://127.0.0.1.evil.example", plain("127.0.0.1.evil.example")],
    ["http://localhost.evil.example", plain("localhost.evil.example")],
    ["http://0.0.0.0:80", plain("0.0.0.0")],
    ["http://10.0.0.1", plain("10.0.0.1")],
    ["https://user:hunter2@api.turso.tech", CREDENTIALS],
    ["https://hunter2@api.turso.tech", CREDENTIALS],
    ["https://:hunter2@api.turso.tech", CREDENTIALS],
    ["http://127.0.0.1:80@hunter2.example", CREDENTIALS],
    ["https://api.turso.tech/v1", path("https://api.turso.tech")],
    ["https://api.turso.tech/hunter2", path("https://api.turso.tech")],
    ["https://api.turso.tech?token=hunter2", path("https://api.turso.tech")],
    ["https://api.turso.tech/#hunter2", path("https://api.turso.tech")],
    ["http://127.0.0.1:8080/v1", path("http://127.0.0.1:8080")],
  ] as const)
    it(`must not be ${text || "empty"}`, () => {
      assert.deepEqual(parseApiUrl(text), { problem });
      assert(!problem.includes("hunter2"));
    });

  it("never appears with its credentials in a problem, whatever else is wrong with it", () => {
    for (const url of [
      "http://user:hunter2@api.turso.tech/v1?x",
      "ftp://user:hunter2@api.turso.tech",
      "https://user:hunter2@",
      "user:hunter2@api.turso.tech",
      "https://user:hunter2@api turso",
    ]) {
      const settings = read({ "turso:apiUrl": url });
      assert("problem" in settings, url);
      assert(!settings.problem.includes("hunter2"), settings.problem);
    }
  });
});

describe("loopback", () => {
  it("is this machine only", () => {
    const hosts = [
      "localhost",
      "[::1]",
      "127.0.0.1",
      "127.255.0.3",
      "128.0.0.1",
      "example.com",
      "127.0.0.1.example",
    ];
    assert.deepEqual(hosts.map(isLoopback), [true, true, true, true, false, false, false]);
  });
});
