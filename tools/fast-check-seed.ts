/** Loaded by mocha before the tests: property tests generate the same values in every run, unless FAST_CHECK_SEED is set. */
import fc from "fast-check";

const DEFAULT_SEED = 1;
const wanted = process.env["FAST_CHECK_SEED"];

if (wanted !== undefined) {
  if (!/^-?\d{1,10}$/.test(wanted))
    throw new Error(`FAST_CHECK_SEED must be a whole number, not "${wanted}".`);
  // each of mocha's parallel workers loads this file too
  if (process.env["MOCHA_WORKER_ID"] === undefined)
    console.log(`fast-check: seed ${wanted}, from FAST_CHECK_SEED`);
}
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(wanted ?? DEFAULT_SEED) });
