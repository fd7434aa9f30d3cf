/** What to close when the bench ends, for whatever reason; the last one is closed first. */
const pending = new Set<() => void>();

/** Registers something to close at the end. Returns a function that cancels this. */
export function atEnd(close: () => void): () => void {
  pending.add(close);
  return () => pending.delete(close);
}

export function cleanUp(): void {
  for (const close of [...pending].reverse()) {
    pending.delete(close);
    try {
      close();
    } catch (error) {
      console.error(`cleaning up: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

/** Long enough to reap the children that were just killed, so that no zombie remains. */
const EXIT_DELAY_MS = 200;
let stopping = false;

/** Whether a signal is ending the bench. A failure after that is only a consequence of it. */
export const isStopping = (): boolean => stopping;

/** Makes Ctrl-C and similar signals leave no process and no file behind. */
export function cleanUpOnSignals(): void {
  const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  for (const [signal, code] of Object.entries(codes))
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      cleanUp();
      console.error("\nbench: stopped. No results were written.");
      setTimeout(() => {
        cleanUp();
        process.exit(code);
      }, EXIT_DELAY_MS);
    });
}
