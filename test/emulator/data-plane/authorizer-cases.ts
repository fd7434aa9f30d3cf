import type { Action, FineGrainedPermission } from "../../../emulator/src/permissions";

type Case = [what: string, permissions: FineGrainedPermission[], statements: string[]];

export const on = (tables: string[] | null, ...actions: Action[]): FineGrainedPermission => ({
  tables,
  actions,
});
const DATA: Action[] = ["data_read", "data_add", "data_update", "data_delete"];

/** Statements that the permissions allow. */
export const ALLOWED: Case[] = [
  [
    "data_read on one table",
    [on(["users"], "data_read")],
    [
      "select * from users",
      "SELECT * FROM Users AS u JOIN users ON u.id = users.id",
      "with x as (select name from users) select * from x",
      "values (1)",
      "explain select * from users",
      "explain query plan select * from users",
      "select name from sqlite_schema",
      "select 'no table'",
      "begin immediate",
    ],
  ],
  ["data_read on a view and its table", [on(["names", "users"], "data_read")], ["select * from names"]],
  [
    "data_add on one table",
    [on(["users"], "data_add")],
    ["insert into users values (2, 'Bob')", "insert or ignore into main.users (name) values ('Cy')"],
  ],
  [
    "data_add on one table and data_read on another",
    [on(["users"], "data_add"), on(["posts"], "data_read")],
    [
      "insert into users select * from posts",
      "with p as (select * from posts) insert into users select * from p",
    ],
  ],
  [
    "data_update and data_read",
    [on(["users"], "data_update", "data_read")],
    ["update users set name = 'x' where id = 1", "update users set name = 'x' returning id"],
  ],
  ["data_update", [on(["users"], "data_update")], ["update users set name = 'x'"]],
  ["data_delete", [on(["users"], "data_delete")], ["delete from users"]],
  [
    "data_read and data_delete",
    [on(["users"], "data_delete", "data_read")],
    ["delete from users where id = 1"],
  ],
  [
    "data_add and data_delete",
    [on(["users"], "data_add", "data_delete")],
    ["replace into users values (1, 'x')"],
  ],
  [
    "data_add and data_update",
    [on(["users"], "data_add", "data_update")],
    ["insert into users values (1, 'x') on conflict do update set name = 'y'"],
  ],
  [
    "schema_add on all tables",
    [on(null, "schema_add")],
    ["create table fresh (a)", "create temp table fresh (a)"],
  ],
  ["schema_add on a new table", [on(["fresh"], "schema_add")], ["create table if not exists fresh (a)"]],
  ["schema_update", [on(["users"], "schema_update")], ["alter table users add column age"]],
  [
    "schema_add and schema_update",
    [on(["users"], "schema_add", "schema_update")],
    ["create unique index i on users (id)"],
  ],
  ["schema_delete", [on(["posts"], "schema_delete")], ["drop table if exists posts"]],
  [
    "schema_delete and schema_update",
    [on(["users"], "schema_delete", "schema_update")],
    ["drop index by_name"],
  ],
  [
    "all actions on a quoted name",
    [on(['odd "name'], ...DATA)],
    ['select * from "odd ""name"', 'delete from [odd "name]'],
  ],
  [
    "all data actions on the tables of a trigger",
    [on(["audited", "log"], ...DATA)],
    ["insert into audited values (1)"],
  ],
];

/** All actions on the data of one table. */
export const USERS = on(["users"], ...DATA);

/** Statements that the permissions refuse. */
export const REFUSED: Case[] = [
  ["no permissions", [], ["select * from users", "insert into users values (2, 'x')"]],
  [
    "all data actions on another table",
    [USERS],
    [
      "select * from secrets",
      "select * from users, Secrets",
      "select * from 'secrets'",
      "select (select text from [secrets]) from users",
      "select text from users union all select text from `secrets`",
      "with x as (select * from secrets) select * from x",
      "select * from leak",
      "insert into users select * from secrets",
      "insert into secrets values (2, 'x')",
      "update users set name = (select text from secrets)",
      "update users set name = text from secrets",
      "delete from users where name in secrets",
      "with x as (select 1) delete from secrets",
      "explain select * from secrets",
      "create table copy as select * from secrets",
      "create view v as select * from secrets",
      "create trigger t after insert on users begin delete from secrets; end",
      "alter table users rename to people",
      "drop table users",
      "drop index by_name",
      "pragma table_info(users)",
      "vacuum",
      "analyze",
      "reindex",
    ],
  ],
  ["data_read", [on(["users"], "data_read")], ["insert into users values (2, 'x')", "delete from users"]],
  ["data_read on a view without its table", [on(["names"], "data_read")], ["select * from names"]],
  [
    "data_read on all tables",
    [on(null, "data_read")],
    ["update users set name = 'x'", "create table fresh (a)"],
  ],
  [
    "data_add",
    [on(["users", "secrets"], "data_add")],
    [
      "select * from users",
      "insert into users values (2, 'x') returning *",
      "insert into users select * from users",
      "insert or replace into users values (1, 'x')",
      "replace into users values (1, 'x')",
      "insert into users values (1, 'x') on conflict do update set name = 'y'",
      "insert into secrets values (2, 'secret')",
    ],
  ],
  ["data_update", [on(["users"], "data_update")], ["update users set name = 'x' where name like 'A%'"]],
  ["data_delete", [on(["users"], "data_delete")], ["delete from users where name like 'A%'"]],
  ["a table whose trigger writes to another", [on(["audited"], ...DATA)], ["insert into audited values (1)"]],
  ["a table whose foreign key deletes in another", [on(["parents"], ...DATA)], ["delete from parents"]],
  [
    "all actions on one table",
    [on(["users"], ...DATA, "schema_add", "schema_update", "schema_delete")],
    [
      "alter table users rename to people",
      "create table fresh (a)",
      "drop table posts",
      "drop trigger audit",
      "create index i on posts (id)",
      "create trigger t after insert on users begin delete from posts; end",
      "select * from sqlite_dbpage",
      "create virtual table users using fts5 (a)",
      "pragma user_version = 7",
    ],
  ],
];
