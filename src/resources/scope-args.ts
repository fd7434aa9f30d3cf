import type * as pulumi from "@pulumi/pulumi";

/** A Scope in which names may be outputs. */
export type ScopeArgs =
  | { database: pulumi.Input<string> }
  | { group: pulumi.Input<string> }
  | { databases: pulumi.Input<pulumi.Input<string>[] | "all"> }
  | { groups: pulumi.Input<pulumi.Input<string>[] | "all"> };
