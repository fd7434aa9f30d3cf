// @ts-nocheck
// What a person would write without the package: a dynamic provider in the program itself, one resource per database.
"use strict";

const pulumi = require("@pulumi/pulumi");
const axios = require("axios");

const config = new pulumi.Config("turso");
const apiUrl = config.require("apiUrl");
const apiToken = config.require("apiToken");
const organization = config.require("organization");
const { names, trigger } = require("./fleet.json");

const rotate = async (database) => {
  await axios.post(
    `${apiUrl}/v1/organizations/${organization}/databases/${database}/auth/rotate`,
    undefined,
    { headers: { Authorization: `Bearer ${apiToken}` }, proxy: false },
  );
};

const provider = {
  async create(inputs) {
    await rotate(inputs.database);
    return { id: inputs.database, outs: inputs };
  },
  async diff(_id, olds, news) {
    return { changes: olds.trigger !== news.trigger };
  },
  async update(_id, _olds, news) {
    await rotate(news.database);
    return { outs: news };
  },
};

class Rotation extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, args, opts);
  }
}

for (const database of names) new Rotation(database, { database, trigger });
