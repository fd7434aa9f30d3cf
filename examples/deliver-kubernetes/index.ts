import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { AuthToken, TokenRotation } from "pulumi-turso-tokens";

const config = new pulumi.Config();
const scope = { database: config.require("database") };
const rotation = new TokenRotation("rotation", { scope, trigger: config.require("trigger") });
const fresh = new AuthToken("pods", { scope, rotation });

const secret = new kubernetes.core.v1.Secret("turso", { stringData: { TURSO_AUTH_TOKEN: fresh.token } });

const labels = { app: "orders" };
const container = {
  name: "orders",
  image: config.require("image"),
  envFrom: [{ secretRef: { name: secret.metadata.name } }],
};
new kubernetes.apps.v1.Deployment("orders", {
  spec: {
    replicas: 3,
    selector: { matchLabels: labels },
    // the old pods hold a rejected token: replace all of them at the same time
    strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "100%", maxSurge: "100%" } },
    template: {
      // pods keep the environment that they started with; a changed annotation makes Kubernetes replace them
      metadata: { labels, annotations: { "turso/token-minted-at": fresh.mintedAt } },
      spec: { containers: [container] },
    },
  },
});

export const mintedAt = fresh.mintedAt;
