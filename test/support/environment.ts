/**
 * Restores the environment variables after each test of a describe. It modifies `process.env` in place: replacing the
 * object would affect later tests in this process, because Node.js keeps reading the original one.
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
