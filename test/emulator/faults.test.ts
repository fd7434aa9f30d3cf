import assert from "node:assert/strict";
import type { Emulator, FaultAction } from "../../emulator/src";
import { call, closeAll, CLOSE, execute, hostOf, ORGANIZATION, pipeline, probe, seeded } from "./support";

const ROTATE = `${ORGANIZATION}/groups/default/auth/rotate`;
const LIST = `${ORGANIZATION}/databases`;

describe("emulator: faults", () => {
  let emulator: Emulator;
  beforeEach(async () => {
    emulator = await seeded();
  });
  afterEach(closeAll);

  /** @param limitMs short only where no answer is expected, so that a busy machine does not fail the others */
  const rotate = async (limitMs = 5_000): Promise<number | string> => {
    try {
      const url = emulator.url + ROTATE;
      const headers = { authorization: `Bearer ${emulator.apiToken}` };
      const response = await fetch(url, { method: "POST", headers, signal: AbortSignal.timeout(limitMs) });
      await response.text();
      return response.status;
    } catch (error) {
      return (error as Error).name === "TimeoutError" ? "timeout" : "lost";
    }
  };

  const matrix: [FaultAction, number | string][] = [
    [{ type: "drop" }, "lost"],
    [{ type: "truncate" }, "lost"],
    [{ type: "hang" }, "timeout"],
    [{ type: "delay", ms: 20 }, 200],
    [{ type: "status", status: 503, headers: { "retry-after": "1" } }, 503],
  ];
  for (const [action, seen] of matrix) {
    for (const when of ["before", "after"] as const) {
      const happens = when === "after" || action.type === "delay";
      it(`${action.type} ${when} the change: the rotation ${happens ? "has" : "has not"} happened, once only`, async () => {
        emulator.fault({ path: ROTATE, method: "POST", when, action });
        assert.equal(await rotate(seen === "timeout" ? 300 : undefined), seen);
        const expected = happens ? 1 : 0;
        assert.equal(emulator.platform.rotations.length, expected);
        assert.equal(emulator.log[0]?.changed, happens);
        assert.equal(emulator.log[0]?.fault, `${when} ${action.type}`);
        assert.equal(await rotate(), 200, "the second request meets no fault");
        assert.equal(emulator.platform.rotations.length, expected + 1);
      });
    }
  }

  for (const plane of ["control", "data"] as const) {
    for (const when of ["before", "after"] as const) {
      it(`answers on the ${plane} plane ${when} the change with exactly the configured status, body, headers and delay, after those it skips`, async () => {
        const token = await emulator.platform.mintDatabaseToken("app");
        const path = plane === "control" ? LIST : "/v2/pipeline";
        const ask = () =>
          plane === "control" ? call(emulator, "GET", LIST) : pipeline(emulator, "app", token, [CLOSE]);
        const headers = { "retry-after": "7", "content-type": "text/html; charset=utf-8", "x-edge": "b" };
        const action: FaultAction = {
          type: "status",
          status: 429,
          body: "<p>slow</p>",
          headers,
          delayMs: 40,
        };
        emulator.fault({ path, plane, when, action, skip: 1, times: 2 });
        const answers: unknown[] = [];
        for (let n = 0; n < 4; n++) {
          const start = performance.now();
          const { status, text, headers: sent } = await ask();
          const isSlow = performance.now() - start >= 39;
          if (status === 200) answers.push(200);
          else answers.push([status, text, isSlow, ...Object.keys(headers).map((name) => sent.get(name))]);
        }
        const faulty = [429, "<p>slow</p>", true, ...Object.values(headers)];
        assert.deepEqual(answers, [200, faulty, faulty, 200]);
      });
    }
  }

  it("truncates within an answer that has a body", async () => {
    emulator.fault({ path: LIST, when: "after", action: { type: "truncate" } });
    const headers = { authorization: `Bearer ${emulator.apiToken}` };
    const response = await fetch(emulator.url + LIST, { headers });
    assert.equal(response.status, 200);
    await assert.rejects(response.text());
  });

  it("applies to the configured number of requests, after those it skips", async () => {
    emulator.fault({
      path: /\/databases\?limit=/,
      when: "before",
      skip: 1,
      times: 2,
      action: { type: "status", status: 500 },
    });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await call(emulator, "GET", `${LIST}?limit=1`)).status);
    assert.deepEqual(statuses, [200, 500, 500, 200, 200]);
  });

  it("affects no other method, path, plane or database", async () => {
    const action: FaultAction = { type: "status", status: 500 };
    emulator.fault({ path: LIST, method: "POST", when: "before", action });
    emulator.fault({ path: /./, plane: "data", database: "reports", when: "before", action });
    assert.equal((await call(emulator, "GET", LIST)).status, 200);
    const token = await emulator.platform.mintGroupToken("default");
    assert.equal(await probe(emulator, "app", token), 200);
    assert.equal(await probe(emulator, "reports", token), 500);
  });

  it("drops the answer of the data plane after the write, which persists", async () => {
    const token = await emulator.platform.mintDatabaseToken("app");
    emulator.fault({ path: "/v2/pipeline", plane: "data", when: "after", action: { type: "drop" } });
    await assert.rejects(pipeline(emulator, "app", token, [execute("create table t (a)"), CLOSE]));
    const { text } = await pipeline(emulator, "app", token, [execute("select count(*) from t"), CLOSE]);
    assert.match(text, /"value":"0"/);
    emulator.fault({ path: "/v2/pipeline", plane: "data", when: "before", action: { type: "drop" } });
    await assert.rejects(pipeline(emulator, "app", token, [execute("create table u (a)"), CLOSE]));
    assert.match(
      (await pipeline(emulator, "app", token, [execute("select * from u"), CLOSE])).text,
      /no such table/,
    );
  });

  it("clears pending faults on request", async () => {
    emulator.fault({ path: LIST, when: "before", action: { type: "drop" } });
    emulator.clearFaults();
    assert.equal((await call(emulator, "GET", LIST)).status, 200);
  });

  it("delays each answer by the configured latency", async () => {
    const slow = await seeded({ latencyMs: 40 });
    const start = performance.now();
    await call(slow, "GET", LIST);
    await fetch(`${hostOf(slow, "app")}/v2`);
    assert.ok(performance.now() - start >= 78);
  });

  it("closes immediately even if requests hang or wait", async () => {
    emulator.fault({ path: LIST, when: "before", action: { type: "hang" } });
    emulator.fault({ path: LIST, when: "before", action: { type: "delay", ms: 60_000 } });
    const requests = [1, 2].map(() => call(emulator, "GET", LIST).catch(() => "lost"));
    while (emulator.log.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const start = performance.now();
    await emulator.close();
    await Promise.all(requests);
    assert.ok(performance.now() - start < 2_000);
  });
});
