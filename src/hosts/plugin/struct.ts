import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "../../core/protocol";
import { reveal } from "../shared/values";

/**
 * Properties from the engine, with secrets in clear: config has them wrapped. A property that is null counts as absent, because
 * languages differ in which of the two they send.
 */
export const fromStruct = (struct: Struct | undefined): Properties =>
  Object.fromEntries(
    Object.entries(struct?.toJavaScript() ?? {})
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, reveal(value)]),
  );

/** Properties for the engine; `undefined` has no form there. */
export const toStruct = (props: Properties): Struct =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(props)) as Record<string, JavaScriptValue>);
