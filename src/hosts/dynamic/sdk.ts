import { createRequire } from "node:module";
import type { EngineModules } from "../shared/log";

/**
 * Loads what a log needs from the Pulumi SDK that runs this process: only there it is loaded already, and gRPC is a dependency of
 * Pulumi's, not of this package.
 */
export function loadSdk(): EngineModules {
  const pulumi = createRequire(require.resolve("@pulumi/pulumi"));
  return {
    ...(pulumi("@pulumi/pulumi/proto/engine_grpc_pb") as Pick<EngineModules, "EngineClient">),
    ...(pulumi("@pulumi/pulumi/proto/engine_pb") as Pick<EngineModules, "LogRequest" | "LogSeverity">),
    ...(pulumi("@grpc/grpc-js") as Pick<EngineModules, "credentials">),
  };
}
