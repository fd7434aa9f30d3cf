import { BlockList, isIP } from "node:net";
import { ApiError } from "../errors";

/** The addresses and CIDR blocks that may connect; an empty list admits every client. */
export function requireAddresses(values: readonly string[]): void {
  for (const value of values) {
    if (!isRule(value)) throw new ApiError(400, `invalid IP address or CIDR block: ${value}`);
  }
}

export function isAllowed(rules: readonly string[], ip: string): boolean {
  if (rules.length === 0) return true;
  const list = new BlockList();
  for (const rule of rules) {
    const [address = "", prefix] = rule.split("/");
    if (prefix === undefined) list.addAddress(address, familyOf(address));
    else list.addSubnet(address, Number(prefix), familyOf(address));
  }
  // An IPv6 socket reports the address of an IPv4 client in this form.
  const address = ip.replace(/^::ffff:(?=[\d.]+$)/i, "");
  return isIP(address) !== 0 && list.check(address, familyOf(address));
}

function isRule(value: string): boolean {
  const [address = "", prefix, ...rest] = value.split("/");
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (isIP(address) === 4 ? 32 : 128);
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");
