// @ts-check
"use strict";

const { spawnSync } = require("node:child_process");

/**
 * Kills a process and all of its descendants: the Pulumi CLI's provider processes, for example, would outlive it.
 * @param {number} root
 */
function killTree(root) {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid="], { encoding: "utf8" });
  const processes = stdout.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const tree = [root];
  for (const pid of tree)
    for (const [child, parent] of processes) if (parent === pid && child !== undefined) tree.push(child);
  for (const pid of tree)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it has already exited
    }
}

module.exports = { killTree };
