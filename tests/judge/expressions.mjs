// JSONata's reference implementation, as a second opinion on what the sandbox's engine gave. One JSON object a line comes in:
// expression, variables, states, now, and value or error. One a line goes out: {} where both agree, else what the reference
// gave. A value that is undefined, or a function, is an error for Step Functions.
// Usage: node expressions.mjs FOLDER; jsonata is in FOLDER, which is a node_modules.
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

const jsonata = createRequire(join(process.argv[2], "_"))("jsonata");

const parsed = new Map();

function parse(text) {
  let expression = parsed.get(text);
  if (!expression) {
    expression = jsonata(text);
    // Step Functions has $parse, and no $eval.
    expression.registerFunction("parse", (json) => JSON.parse(json), "<s:x>");
    expression.registerFunction("eval", () => { throw new Error("there is no $eval"); });
    parsed.set(text, expression);
  }
  return expression;
}

// As JSON has it: the reference marks its own lists.
const plain = (value) => JSON.parse(JSON.stringify(value));

async function reference({ expression, variables, states, now }) {
  try {
    const value = await parse(expression).evaluate(undefined, { ...variables, states, now: () => now });
    if (value === undefined || typeof value === "function") return { error: "no value" };
    return { value: plain(value) };
  } catch (problem) {
    return { error: `${problem.code ?? ""} ${problem.message ?? problem}` };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const seen = JSON.parse(line);
  const found = await reference(seen);
  const same = "error" in seen ? "error" in found : "value" in found && isDeepStrictEqual(found.value, seen.value);
  console.log(JSON.stringify(same ? {} : found));
}
