import type { FastifyInstance } from "fastify";
import { ApiError } from "../errors";
import { versionOf, type Group } from "../platform";
import {
  boolean,
  changed,
  field,
  given,
  needs,
  ORGANIZATION,
  READ,
  texts,
  type EndpointContext,
  type OfGroup,
} from "./request";

export function groupEndpoints(app: FastifyInstance, { platform }: EndpointContext): void {
  app.get(`${ORGANIZATION}/groups`, READ, () => ({ groups: platform.groups().map(describe) }));
  app.get<OfGroup>(`${ORGANIZATION}/groups/:group`, READ, ({ params }) => ({
    group: describe(platform.group(params.group)),
  }));
  app.post(`${ORGANIZATION}/groups`, (request) => {
    const location = field(request.body, "location");
    if (!location) throw new ApiError(400, "location is required");
    const group = platform.createGroup(field(request.body, "name") ?? "", { location });
    return changed(request, { group: describe(group) });
  });
  app.delete<OfGroup>(`${ORGANIZATION}/groups/:group`, (request) => {
    const group = platform.deleteGroup(request.params.group);
    return changed(request, { group: describe(group) });
  });

  const configuration = `${ORGANIZATION}/groups/:group/configuration`;
  app.get<OfGroup>(configuration, READ, ({ params }) => describeConfiguration(platform.group(params.group)));
  app.patch<OfGroup>(configuration, needs("group:configure"), (request) => {
    const { body, params } = request;
    const settings = given({
      deleteProtection: boolean(body, "delete_protection"),
      allowedIps: texts(body, "allowed_ips"),
      allowedAwsVpcIds: texts(body, "allowed_aws_vpc_ids"),
    });
    return changed(request, describeConfiguration(platform.configureGroup(params.group, settings)));
  });
}

function describe({ name, uuid, location, deleteProtection, serverGeneration }: Group): object {
  return {
    name,
    version: versionOf(serverGeneration),
    uuid,
    locations: [location],
    primary: location,
    archived: false,
    delete_protection: deleteProtection,
  };
}

function describeConfiguration({ deleteProtection, allowedIps, allowedAwsVpcIds }: Group): object {
  return {
    delete_protection: deleteProtection,
    allowed_ips: allowedIps,
    allowed_aws_vpc_ids: allowedAwsVpcIds,
  };
}
