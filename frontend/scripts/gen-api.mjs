// Writes src/api/schema.d.ts from the backend's OpenAPI document; with --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import openapiTS, { astToString } from 'openapi-typescript';

const source = new URL('../../backend/openapi.json', import.meta.url);
const target = new URL('../src/api/schema.d.ts', import.meta.url);

const header =
  '// Generated from backend/openapi.json by `npm run gen:api`. Change the backend, not this file.\n\n';
const document = JSON.parse(await readFile(source, 'utf8'));
const wanted = header + astToString(await openapiTS(document));
const present = await readFile(target, 'utf8').catch(() => '');

if (present === wanted) {
  console.error('src/api/schema.d.ts matches backend/openapi.json');
} else if (process.argv.includes('--check')) {
  console.error(
    'src/api/schema.d.ts does not match backend/openapi.json.\n' +
      'Write it anew with: npm --prefix frontend run gen:api',
  );
  process.exitCode = 1;
} else {
  await writeFile(target, wanted);
  console.error('wrote src/api/schema.d.ts');
}
