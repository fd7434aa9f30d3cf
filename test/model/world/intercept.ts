import { AsyncLocalStorage } from "node:async_hooks";
import axios, { type AxiosAdapter, type AxiosResponse, type InternalAxiosRequestConfig } from "axios";

/** A simulated process. */
interface Sender {
  request(config: InternalAxiosRequestConfig, http: AxiosAdapter): Promise<AxiosResponse>;
}

const senders = new AsyncLocalStorage<Sender>();

/** Runs code whose requests go through `sender.request`. */
export const sendThrough = <T>(sender: Sender, act: () => Promise<T>): Promise<T> => senders.run(sender, act);

/** Routes the requests of simulated processes, and only those, through them. Returns the undo function. */
export function interceptRequests(): () => void {
  const before = axios.defaults.adapter;
  const http = axios.getAdapter("http");
  axios.defaults.adapter = (config) => senders.getStore()?.request(config, http) ?? http(config);
  return () => {
    if (before === undefined) delete axios.defaults.adapter;
    else axios.defaults.adapter = before;
  };
}
