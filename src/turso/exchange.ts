import axios, { type AxiosRequestConfig, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import https from "node:https";
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

type Options = RequestOptions & { protocol?: string | null };

/**
 * One try of a request, and whether any of it can have left this process. Node.js writes a request only to a connection
 * that is ready: after the TCP connection, for https after the TLS handshake, behind a proxy after both and the proxy's
 * consent to CONNECT. A try that ends before that was certainly not processed, whatever its error says.
 */
class Exchange {
  #mayHaveLeft = false;

  get mayHaveLeft(): boolean {
    return this.#mayHaveLeft;
  }

  /** Sends the request as Node.js does; axios takes it as its `transport`. */
  readonly transport = {
    request: (options: Options, onResponse: (response: IncomingMessage) => void): ClientRequest => {
      const isSecure = options.protocol === "https:";
      const request = (isSecure ? https : http).request(options, onResponse);
      // emitted before anything is written to the socket
      request.once("socket", (socket) => this.#watch(socket, isSecure));
      return request;
    },
  };

  #watch(socket: Socket, isSecure: boolean): void {
    // a pooled connection is ready already
    const leaves = () => (this.#mayHaveLeft = true);
    if (!isSecure) {
      if (socket.connecting) socket.once("connect", leaves);
      else leaves();
    } else if (socket instanceof TLSSocket) {
      if (socket.getFinished() === undefined) socket.once("secureConnect", leaves);
      else leaves();
    }
    // else it only replays the answer of a proxy that refused CONNECT
  }
}

declare module "axios" {
  interface AxiosRequestConfig {
    exchange?: Exchange;
  }
}

/** Sends a request once. */
export function sendOnce(config: InternalAxiosRequestConfig, timeoutMs: number): Promise<AxiosResponse> {
  const exchange = new Exchange();
  return axios.getAdapter(axios.defaults.adapter)({
    ...config,
    exchange,
    transport: exchange.transport,
    // a limit for the whole exchange, new for each try: axios' own timeout never ends a slow trickle
    signal: AbortSignal.timeout(timeoutMs),
    ...(config.isIdempotent === true ? {} : freshConnection()),
  });
}

/** Whether any of the request can have left this process. One that nothing watched can have. */
export const mayHaveLeft = (config: AxiosRequestConfig | undefined): boolean =>
  config?.exchange?.mayHaveLeft ?? true;

/** Agents that pool no connections, so that no server can be closing the one that a rotation goes to. */
const freshConnection = (): Pick<AxiosRequestConfig, "httpAgent" | "httpsAgent"> => ({
  httpAgent: new http.Agent({ keepAlive: false }),
  httpsAgent: new https.Agent({ keepAlive: false }),
});
