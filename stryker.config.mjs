/** `npm run test:mutation`: whether the unit tests notice a changed decision, in the modules that make the decisions. */
// Lower folders first: most mutants are killed by the tests of their own folder, and the first failure ends a mutant's run.
const FOLDERS = ["values", "turso", "core", "token", "rotation"];

export default {
  mutate: [
    "src/{rotation,token,core,values}/**/*.ts",
    "src/turso/{retry-policy,outcome,advice,endpoints}.ts",
  ],
  mutator: {
    // Not measured here: a sentence is compared by the end-to-end and the docs tests, which are not part of this run,
    // and a literal in a decision belongs to a union type, so the compiler rejects the mutant.
    excludedMutations: ["StringLiteral"],
  },
  testRunner: "mocha",
  plugins: ["@stryker-mutator/mocha-runner"],
  mochaOptions: {
    config: ".mocharc.json", // ts-node, which only transpiles (tsconfig.json): a mutant need not compile
    require: ["ts-node/register", "./tools/fast-check-seed.ts", "./tools/unit-time-limit.ts"],
    spec: FOLDERS.map((folder) => `test/${folder}/**/*.test.ts`),
    ignore: ["**/*.slow.test.ts"],
  },
  coverageAnalysis: "perTest",
  // A mutant in code that runs while a module loads needs a new process and every test: most of a run's time went there.
  // Such a mutant is not measured; it is in a constant or replaces a whole arrow function.
  ignoreStatic: true,
  concurrency: 2, // not more: some tests depend on time
  thresholds: { high: 95, low: 90, break: 85 },
  reporters: ["progress-append-only", "clear-text", "json", "html"],
  clearTextReporter: { logTests: false },
  jsonReporter: { fileName: "reports/mutation.json" },
  htmlReporter: { fileName: "reports/mutation.html" },
  // not below node_modules, where ts-node would not tell the repository's files from those of packages
  tempDirName: "reports/stryker",
};
