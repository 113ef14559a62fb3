// Reads one export with the libraries of its ecosystem; exits 0 if they take it. Runs in an environment of its own.
import fs from "node:fs";
import path from "node:path";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [format, file, node] = process.argv.slice(2);
const require = createRequire(path.join(node, "package.json"));
const version = (name) =>
  `${name} ${JSON.parse(fs.readFileSync(path.join(node, "node_modules", name, "package.json"))).version}`;
const text = fs.readFileSync(file, "utf8");

// What a reader must make of each of our states (docs/exports.md).
const STATUSES = {
  FAIL: "Failed",
  ERROR: "Profile Error",
  WAIVED: "Not Applicable",
  ATTESTED: "Passed",
  PASS: "Passed",
  NOT_APPLICABLE: "Not Applicable",
};

function wanted(control) {
  const state = control.tags.signoff_state;
  if (state !== "NOT_VERIFIED" && state !== "STALE") return STATUSES[state];
  return control.results.some((segment) => segment.status === "passed") ? "Profile Error" : "Not Reviewed";
}

function hdf() {
  const inspecjs = require("inspecjs");
  const read = inspecjs.convertFile(text)["1_0_ExecJson"];
  if (!read) throw new Error("not read as exec-json");
  const counts = {};
  for (const profile of read.profiles) {
    for (const control of profile.controls) {
      const { status } = inspecjs.hdfWrapControl(control);
      if (status !== wanted(control)) {
        throw new Error(`${control.id}: ${control.tags.signoff_state} is read as ${status}, not as ${wanted(control)}`);
      }
      counts[status] = (counts[status] ?? 0) + 1;
    }
  }
  return `${JSON.stringify(counts)}, by ${version("inspecjs")}`;
}

async function ctrf() {
  const library = await import(pathToFileURL(path.join(node, "node_modules/ctrf/dist/index.js")));
  const report = JSON.parse(text);
  const { valid, errors } = library.validate(report);
  if (!valid) throw new Error(JSON.stringify(errors));
  const counted = library.calculateSummary(report.results.tests);
  for (const status of ["tests", "passed", "failed", "skipped", "pending", "other"]) {
    if (counted[status] !== report.results.summary[status]) throw new Error(`summary.${status} is not the count`);
  }
  return `${counted.tests} tests, by ${version("ctrf")}`;
}

console.log(await { hdf, ctrf }[format]());
