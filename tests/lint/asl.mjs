// Lints the state machines, with the substitutions of the template filled in.
// Usage: node asl.mjs FOLDER; the validator is resolved from the working directory.
import { createRequire } from "node:module";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const validator = createRequire(join(process.cwd(), "package.json"))("asl-validator");
const machines = readdirSync(folder).filter((name) => name.endsWith(".asl.json"));
if (machines.length === 0) {
  console.error(`${folder}: expected at least one *.asl.json, found none`);
  process.exit(1);
}

let broken = 0;
for (const name of machines) {
  const text = readFileSync(join(folder, name), "utf8");
  // Any ARN will do: the validator looks at its shape only.
  const filled = text.replaceAll("${Partition}", "aws").replace(/\$\{\w+\}/g, "arn:aws:lambda:us-east-1:123456789012:function:f");
  const { isValid, errorsText } = validator(JSON.parse(filled));
  console.log(`${name}: ${isValid ? "ok" : errorsText("\n  ")}`);
  broken += isValid ? 0 : 1;
}
process.exit(broken === 0 ? 0 : 1);
