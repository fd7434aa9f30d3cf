import { connect } from "node:net";

const ADDRESS = /^(127\.0\.0\.1|localhost|\[::1\]):(\d{1,5})$/;
const TIMEOUT_MS = 2_000;

/** Whether it is an engine's address: a provider process has one, a test does not. */
export const isEngine = (address: string | undefined): boolean => ADDRESS.test(address ?? "");

/**
 * Whether the engine that started this provider process is still there. A provider outlives a CLI that is killed, and
 * a rotation that it sends then would invalidate the tokens that the next `up` has minted in the meantime.
 *
 * @param address what the engine passed as the process's last argument; anything else counts as a living engine
 */
export function isEngineThere(address: string | undefined): Promise<boolean> {
  const [, host, port] = ADDRESS.exec(address ?? "") ?? [];
  if (host === undefined || port === undefined) return Promise.resolve(true);
  return new Promise((resolve) => {
    const socket = connect({ host: host.replace(/[[\]]/g, ""), port: Number(port), timeout: TIMEOUT_MS });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => end(true));
    // only a refused connection says that the engine is gone
    socket.on("error", (error: NodeJS.ErrnoException) => end(error.code !== "ECONNREFUSED"));
    socket.on("timeout", () => end(true));
  });
}

const ASK_EVERY_MS = 10_000;

/**
 * Ends this process once its engine is gone, which it has to be found twice in a row. A provider that outlives its engine
 * can save nothing: whatever it still did, the next `up` would not know of.
 *
 * @param address what the engine passed as the process's last argument; anything else is no provider process
 */
export function endWithEngine(address: string | undefined, everyMs = ASK_EVERY_MS): void {
  if (!isEngine(address)) return;
  let refusals = 0;
  const ask = async (): Promise<void> => {
    refusals = (await isEngineThere(address)) ? 0 : refusals + 1;
    if (refusals === 2) process.exit();
  };
  setInterval(() => void ask(), everyMs).unref();
}
