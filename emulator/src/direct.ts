import type { FastifyInstance } from "fastify";

/** A request of a client in the same process. */
export interface DirectRequest {
  method: "GET" | "POST";
  /** With the address of the server that is asked. */
  url: string;
  headers: Record<string, string>;
  body?: string | undefined;
}

export interface DirectAnswer {
  status: number;
  headers: Record<string, string | string[] | number | undefined>;
  body: string;
}

/** Passes a request through a server's router, hooks and faults without opening a connection. */
export async function answerDirectly(
  app: FastifyInstance,
  { method, url, headers, body }: DirectRequest,
): Promise<DirectAnswer> {
  const { host, pathname, search } = new URL(url);
  const { statusCode, ...answer } = await app.inject({
    method,
    url: pathname + search,
    headers: { ...headers, host },
    ...(body !== undefined && { payload: body }),
  });
  return { status: statusCode, headers: answer.headers, body: answer.payload };
}
