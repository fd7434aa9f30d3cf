import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import type { Properties } from "../../core/protocol";

/** Properties from the engine. A property that is null counts as absent: languages differ in which of the two they send. */
export const fromStruct = (struct: Struct | undefined): Properties =>
  Object.fromEntries(Object.entries(struct?.toJavaScript() ?? {}).filter(([, value]) => value !== null));

/** Properties for the engine; `undefined` has no form there. */
export const toStruct = (props: Properties): Struct =>
  Struct.fromJavaScript(JSON.parse(JSON.stringify(props)) as Record<string, JavaScriptValue>);
