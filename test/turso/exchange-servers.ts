import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import type { RetryPolicy } from "../../src/turso/retry-policy";
import { transport, type FailedReply, type Reply, type Request } from "../../src/turso/transport";
import { PATIENCE, hooks } from "../support/fake-turso";
import { TLS_IDENTITY } from "../support/tls";

export const ROTATE: Request = { method: "POST", path: "/v1/rotate", isIdempotent: false };
export const LOOKUP: Request = { method: "GET", path: "/v1/lookup", isIdempotent: true };
export const NOT_PROCESSED = { effect: "unchanged", retry: "any" };
export const UNKNOWN = { effect: "unknown", retry: "idempotent" };

export const ask = (apiUrl: string, request: Request, policy: Partial<RetryPolicy> = {}): Promise<Reply> =>
  transport(
    { apiUrl, apiToken: "t", apiTokenOrigin: "a test" },
    { ...PATIENCE, ...policy },
    hooks({ onRetry: () => undefined }),
  )(request);

export async function failed(reply: Promise<Reply>): Promise<FailedReply> {
  const result = await reply;
  assert(!result.ok, "it must fail");
  return result;
}

/** Starts servers that see bytes, and closes them after each test of a describe. */
export function useSockets(): (
  onSocket: (socket: Socket) => void,
) => Promise<{ port: number; sockets: Socket[] }> {
  const servers: { server: Server; sockets: Socket[] }[] = [];
  afterEach(async () => {
    for (const { server, sockets } of servers.splice(0)) {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return async (onSocket) => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => {
      sockets.push(socket.on("error", () => undefined));
      onSocket(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push({ server, sockets });
    return { port: (server.address() as AddressInfo).port, sockets };
  };
}

/** Starts https servers, whose certificate `trusting` accepts. */
export function useTlsServers(): (
  listener: RequestListener,
) => Promise<{ port: number; requests: string[] }> {
  const servers: ReturnType<typeof createTlsServer>[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  return async (listener) => {
    const requests: string[] = [];
    const server = createTlsServer(TLS_IDENTITY, (request, response) => {
      requests.push(`${request.method} ${request.url}`);
      listener(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    servers.push(server);
    return { port: (server.address() as AddressInfo).port, requests };
  };
}

/** Lets the process accept the certificate of those servers. */
export const trusting = (): void => void (process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0");
