import axios, {
  AxiosError,
  CanceledError,
  type AxiosAdapter,
  type AxiosResponse,
  type InternalAxiosRequestConfig,
} from "axios";
import type { Emulator } from "../../../emulator/src";

/** Answers requests in this process, as axios' own adapter would return them from a connection. */
export function directly(emulator: Emulator): AxiosAdapter {
  return async (config) => {
    // nothing watches the connection of a request that has none
    delete config.exchange;
    const { status, headers, body } = await emulator.answer({
      method: config.method?.toUpperCase() === "POST" ? "POST" : "GET",
      url: axios.getUri(config),
      headers: config.headers.toJSON() as Record<string, string>,
      body: config.data as string | undefined,
    });
    if (config.signal?.aborted) throw new CanceledError(undefined, config);
    return settle(config, {
      status,
      statusText: "",
      headers,
      data: body,
      config,
      request: {},
    } as AxiosResponse);
  };
}

function settle(config: InternalAxiosRequestConfig, response: AxiosResponse): AxiosResponse {
  const { status } = response;
  if (config.validateStatus?.(status) !== false) return response;
  const code = status < 500 ? AxiosError.ERR_BAD_REQUEST : AxiosError.ERR_BAD_RESPONSE;
  throw new AxiosError(`Request failed with status code ${status}`, code, config, response.request, response);
}
