// Evaluates expressions with HL7's engine. Two files: resources and expressions, one JSON value a line. To standard output, a line
// for each resource: an array with the result of each expression that is asked of it, null where the engine gives none.
import { readFileSync } from "node:fs";
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4";

const [resources, expressions] = process.argv.slice(2).map((file) => readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line)));
const compiled = expressions.map(({ kind, expression }) => ({ kind, run: fhirpath.compile(expression, r4) }));

// trace() writes to the console.
console.log = () => {};

function plain(value) {
  if (value === null || value === undefined) return null;
  if (typeof value === "object" && typeof value.toString === "function" && value.constructor?.name?.startsWith("FP_")) return value.toString();
  return value;
}

for (const resource of resources) {
  const results = compiled.map(({ kind, run }) => {
    if (kind && kind !== resource.resourceType) return null;
    try {
      return run(resource, { resource, rootResource: resource }).map(plain);
    } catch {
      return null;
    }
  });
  process.stdout.write(JSON.stringify(results) + "\n");
}
