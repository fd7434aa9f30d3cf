import assert from "node:assert/strict";
import { Permits, Places, inParallel } from "../../src/values/places";

/** Lets everything happen that needs no time. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Acts that last until they are ended by name. */
class Acts {
  readonly begun: string[] = [];
  private readonly ends = new Map<string, () => void>();

  act(name: string): Promise<string> {
    this.begun.push(name);
    return new Promise((resolve) => this.ends.set(name, () => resolve(name)));
  }

  async end(name: string): Promise<void> {
    this.ends.get(name)?.();
    await settle();
  }
}

describe("places", () => {
  it("admit so many in parallel, and the next in their order when one ends", async () => {
    const places = new Places(2);
    const acts = new Acts();
    const all = ["a", "b", "c", "d"].map((name) => places.use(() => acts.act(name)));
    await settle();
    assert.deepEqual(acts.begun, ["a", "b"]);
    await acts.end("b");
    assert.deepEqual(acts.begun, ["a", "b", "c"]);
    for (const name of ["a", "c", "d"]) await acts.end(name);
    assert.deepEqual(await Promise.all(all), ["a", "b", "c", "d"]);
  });

  it("are free again after all have ended", async () => {
    const places = new Places(1);
    const acts = new Acts();
    for (const name of ["a", "b", "c"]) {
      const act = places.use(() => acts.act(name));
      await settle();
      await acts.end(name);
      assert.equal(await act, name);
    }
  });

  it("are given back by what fails", async () => {
    const places = new Places(1);
    await assert.rejects(
      places.use(() => Promise.reject(new RangeError())),
      RangeError,
    );
    assert.equal(await places.use(() => Promise.resolve("next")), "next");
  });
});

describe("permits", () => {
  /** What was decided of each request for a permit so far; undefined: it waits. */
  function taking(permits: Permits, count: number): (boolean | undefined)[] {
    const given = Array.from({ length: count }, (): boolean | undefined => undefined);
    for (const i of given.keys()) void permits.take().then((isGiven) => (given[i] = isGiven));
    return given;
  }

  it("are given while there are some, and to those that wait when they come back", async () => {
    const permits = new Permits(2);
    const given = taking(permits, 4);
    await settle();
    assert.deepEqual(given, [true, true, undefined, undefined]);
    permits.give();
    await settle();
    assert.deepEqual(given, [true, true, true, undefined]);
    permits.give();
    permits.give();
    await settle();
    assert.deepEqual(given, [true, true, true, true]);
    const next = taking(permits, 2);
    await settle();
    assert.deepEqual(next, [true, undefined]);
  });

  it("are refused once all are lost, also to those that wait", async () => {
    const permits = new Permits(2);
    const given = taking(permits, 3);
    await settle();
    permits.lose(true);
    await settle();
    assert.deepEqual(given, [true, true, undefined]);
    permits.lose(true);
    const next = taking(permits, 1);
    await settle();
    assert.deepEqual([given, next], [[true, true, false], [false]]);
  });

  it("are fewer after one was lost that nobody had taken, as soon as one comes back", async () => {
    const permits = new Permits(2);
    const given = taking(permits, 3);
    permits.lose(false);
    permits.give();
    await settle();
    assert.deepEqual(given, [true, true, undefined]);
    permits.give();
    await settle();
    assert.deepEqual(given, [true, true, true]);
  });
});

describe("acts in parallel", () => {
  it("are so many at most, and cover each item once", async () => {
    const acts = new Acts();
    const done = inParallel(["a", "b", "c"], 2, async (name) => {
      await acts.act(name);
    });
    await settle();
    assert.deepEqual(acts.begun, ["a", "b"]);
    for (const name of ["a", "b", "c"]) {
      await settle();
      await acts.end(name);
    }
    await done;
    assert.deepEqual(acts.begun, ["a", "b", "c"]);
  });

  it("end with the first error", () =>
    assert.rejects(
      inParallel([1], 1, () => Promise.reject(new RangeError())),
      RangeError,
    ));
});
