import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

const ID = "description";
type Json = Record<string, unknown>;

/** Fields that the description names and says are present only sometimes, or that are deprecated. */
const OPTIONAL = new Set(["group", "scopes", "organization"]);

/** An answer of the emulator. */
export interface ObservedAnswer {
  method: string;
  template: string;
  status: number;
  text: string;
  contentType: string | null;
}

/** An OpenAPI description, and what it says of an answer. */
export class Description {
  readonly #ajv = new Ajv({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(private readonly document: Json) {
    addFormats(this.#ajv);
    this.#ajv.addSchema(requireProperties(document) as Json, ID);
  }

  static parse(text: string): Description | undefined {
    let document: unknown;
    try {
      document = JSON.parse(text);
    } catch {
      return undefined;
    }
    const isDescription =
      isObject(document) && typeof document["openapi"] === "string" && isObject(document["paths"]);
    return isDescription ? new Description(document as Json) : undefined;
  }

  /** One sentence for each difference between the answer and the description. */
  violations({ method, template, status, text, contentType }: ObservedAnswer): string[] {
    const operation = ["paths", template, method.toLowerCase()];
    if (this.#at(operation) === undefined) return ["the endpoint is not described"];
    const place = this.#resolve([...operation, "responses", String(status)]);
    if (place === undefined) return [`the status ${status} is not described`];
    const schema = [...place, "content", "application/json", "schema"];
    if (this.#at(schema) === undefined) return text === "" ? [] : ["the body is not described"];
    if (contentType !== "application/json") return [`the content type is ${contentType ?? "missing"}`];
    const validate = this.#validator(schema);
    const isValid = validate(JSON.parse(text));
    return isValid
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message ?? ""}`);
  }

  /** Follows a reference to a response that several endpoints share. */
  #resolve(keys: string[]): string[] | undefined {
    const found = this.#at(keys);
    if (!isObject(found)) return undefined;
    const reference = found["$ref"];
    return typeof reference === "string" ? reference.replace(/^#\//, "").split("/") : keys;
  }

  #at(keys: string[]): unknown {
    return keys.reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), this.document);
  }

  #validator(keys: string[]): ValidateFunction {
    const escaped = keys.map((key) => encodeURIComponent(key.replace(/~/g, "~0").replace(/\//g, "~1")));
    const $ref = `${ID}#/${escaped.join("/")}`;
    const validator = this.#validators.get($ref) ?? this.#ajv.compile({ $ref });
    this.#validators.set($ref, validator);
    return validator;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * The description requires no property of an answer, so an empty object would satisfy it. Every property it names is
 * required here, except OPTIONAL ones at the top of an API token.
 */
function requireProperties(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(requireProperties);
  if (!isObject(value)) return value;
  const copy = Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "example")
      .map(([key, each]) => [key, requireProperties(each)]),
  );
  if (value["type"] !== "object" || !isObject(value["properties"])) return copy;
  const names = Object.keys(value["properties"]);
  const isToken = names.includes("scopes");
  return { ...copy, required: names.filter((name) => !(isToken && OPTIONAL.has(name))) };
}
