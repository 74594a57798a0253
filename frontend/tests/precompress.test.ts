import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { brotli, gzip } from '../scripts/precompress';

const text = new TextEncoder().encode('portbook '.repeat(100));

it('gzip and brotli give back what they were given, in fewer bytes', () => {
  expect(gunzipSync(gzip(text))).toEqual(Buffer.from(text));
  expect(brotliDecompressSync(brotli(text))).toEqual(Buffer.from(text));
  expect(gzip(text).length).toBeLessThan(text.length / 4);
});

it('the gzip header names no time and no system, so that equal sources give equal bytes', () => {
  expect([...gzip(text).slice(4, 8)]).toEqual([0, 0, 0, 0]);
  expect(gzip(text)[9]).toBe(255);
});
