// cargo xtask faults, in short: stores and Worker are killed under load, and nothing acknowledged is lost or counted
// twice. It runs a stack of its own.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { root } from "./harness/stack.mjs";
import { build, state } from "./harness/worker.mjs";

const command = process.env.HEADWATER_XTASK;
const short = ["--events", "3000", "--rounds", "1", "--max-down", "1.5", "--margin", "5"];

async function faults(sink) {
  const options = [...short, "--sink", sink, "--bundle", build, "--state", join(state, `faults-${sink}`)];
  const [program, before] = command ? [command, []] : ["cargo", ["xtask"]];
  const { stdout } = await promisify(execFile)(program, [...before, "faults", ...options], { cwd: root });
  return [JSON.parse(stdout.trim().split("\n").at(-1)), stdout];
}

// Each has a stack of its own, and waits most of its time.
describe("under kill -9 of everything", { concurrency: true }, () => {
  for (const sink of ["buffer", "direct"]) {
    test(`${sink}: what is acknowledged is stored and counted once, in raw reads and rollups`, async () => {
      const [report, told] = await faults(sink);
      assert.deepEqual([report.sink, report.events, report.acknowledged], [sink, 3000, 3000], told);
      for (const count of [report.raw, report.rollup]) {
        assert.deepEqual(count, { stored: 3000, lost: 0, duplicated: 0 }, told);
      }
      assert.deepEqual([report.extra, report.dead_letters], [0, 0], told);
      // The outages were real, and clients met them.
      assert.deepEqual(report.kills, { clickhouse: 2, postgrest: 2, postgresql: 1, worker: 3 });
      assert.ok(report.retries > 10 && report.no_answer > 0, told);
    });
  }
});
