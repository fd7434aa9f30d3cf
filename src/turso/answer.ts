/** What the text of a response says, whoever sent it. */

export const isHtml = (text: string): boolean => /^\s*<(!doctype|html)/i.test(text);

/** The `error` of the API's own JSON, and of nothing else. */
export function apiError(body: string): string | undefined {
  const error = errorMember(body);
  return typeof error === "string" ? error : undefined;
}

/** The text of a response, whoever sent it; a page of HTML is represented by its title. */
export function errorText(body: string): string {
  const error = errorMember(body);
  if (error !== undefined) return typeof error === "string" ? error : stringify(error);
  if (!isHtml(body)) return body;
  const title = /<title[^>]*>([^<]+)/i.exec(body)?.[1];
  return title === undefined ? "a web page" : `a web page: ${title}`;
}

function errorMember(body: string): unknown {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === "object" && parsed !== null && "error" in parsed ? parsed.error : undefined;
  } catch {
    return undefined;
  }
}

/** Nested deeply enough, a value can be read but not written. */
function stringify(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
