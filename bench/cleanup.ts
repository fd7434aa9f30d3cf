/** What has to go when the bench ends, however it ends; the last comes first. */
const duties = new Set<() => void>();

/** Has something closed at the end; the answer takes it back. */
export function atEnd(close: () => void): () => void {
  duties.add(close);
  return () => duties.delete(close);
}

export function cleanUp(): void {
  for (const close of [...duties].reverse()) {
    duties.delete(close);
    try {
      close();
    } catch (error) {
      console.error(`cleaning up: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Long enough to collect the children that were just killed, so that none is left as a zombie. */
const LAST_BREATH_MS = 200;
let stopping = false;

/** Whether a signal ended the bench, so that what fails now fails for that alone. */
export const isStopping = (): boolean => stopping;

/** Ctrl-C, and its like, leave no process and no file. */
export function cleanUpOnSignals(): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, code] of Object.entries(codes))
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      cleanUp();
      console.error("\nbench: stopped; nothing was written.");
      setTimeout(() => {
        cleanUp();
        process.exit(code);
      }, LAST_BREATH_MS);
    });
}
