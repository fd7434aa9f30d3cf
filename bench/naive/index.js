// @ts-nocheck
// What a person would write without the package: a dynamic provider in the program itself, one resource per database.
"use strict";

const pulumi = require("@pulumi/pulumi");
const axios = require("axios");

const config = new pulumi.Config("turso");
const apiUrl = config.require("apiUrl");
const apiToken = config.require("apiToken");
const organization = config.require("organization");
const { names, trigger, mint } = require("./fleet.json");

const post = async (database, path) => {
  const { data } = await axios.post(
    `${apiUrl}/v1/organizations/${organization}/databases/${database}/auth/${path}`,
    undefined,
    { headers: { Authorization: `Bearer ${apiToken}` }, proxy: false },
  );
  return data;
};

const rotate = async (inputs) => {
  await post(inputs.database, "rotate");
  return inputs.mint ? { ...inputs, token: (await post(inputs.database, "tokens")).jwt } : inputs;
};

const provider = {
  async create(inputs) {
    return { id: inputs.database, outs: await rotate(inputs) };
  },
  async diff(_id, olds, news) {
    return { changes: olds.trigger !== news.trigger };
  },
  async update(_id, _olds, news) {
    return { outs: await rotate(news) };
  },
};

class Rotation extends pulumi.dynamic.Resource {
  constructor(name, args, opts) {
    super(provider, name, args, opts);
  }
}

for (const database of names) new Rotation(database, { database, trigger, mint });
