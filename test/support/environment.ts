/**
 * Puts the environment's variables back after each test of a describe. In place: an object of its own in place of
 * `process.env` would cut off the tests that come later in this process, since Node.js reads the real one.
 */
export function useEnvironment(): void {
  let saved: NodeJS.ProcessEnv = {};
  beforeEach(() => (saved = { ...process.env }));
  afterEach(() => {
    for (const name of Object.keys(process.env))
      if (!(name in saved)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, saved);
  });
}
