import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers every request with what the function returns, or with 503 and the message of its error. */
export function serve(answer: () => Promise<string>): void {
  const server = createServer((_request, response) => {
    answer().then(
      (text) => response.end(`${text}\n`),
      (error: unknown) => {
        response.statusCode = 503;
        response.end(`${error instanceof Error ? error.message : "unknown error"}\n`);
      },
    );
  });
  server.listen(Number(process.env["PORT"] ?? "0"), "127.0.0.1", () => {
    console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => server.close(() => process.exit()));
}
