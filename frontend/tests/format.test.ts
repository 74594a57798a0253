import { describe, expect, it } from 'vitest';
import { age, duration, fullTime } from '../src/format/age';
import { count } from '../src/format/count';
import { shortCommit, shortDigest } from '../src/format/identity';
import { size } from '../src/format/size';
import { COMMIT, DIGEST } from './samples';

const NOW = Date.parse('2026-03-10T12:00:00Z');
const before = (milliseconds: number) => age(NOW - milliseconds, NOW);
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('ages', () => {
  it.each([
    [0, 'just now'],
    [44 * SECOND, 'just now'],
    [45 * SECOND, '1 min ago'],
    [59 * MINUTE + 59 * SECOND, '59 min ago'],
    [HOUR, '1 h ago'],
    [DAY - 1, '23 h ago'],
    [DAY, '1 day ago'],
    [59 * DAY, '59 days ago'],
    [60 * DAY, '9 Jan 2026'],
  ])('%d ms are "%s"', (milliseconds, text) => {
    expect(before(milliseconds)).toBe(text);
  });

  it('say that a time lies ahead instead of hiding a wrong clock', () => {
    expect(before(-10 * SECOND)).toBe('just now');
    expect(before(-5 * MINUTE)).toBe('in 5 min');
  });

  it('have the instant in UTC, whatever the time zone', () => {
    expect(fullTime(Date.parse('2026-01-02T04:04:05+01:00'))).toMatch(
      /^2 January 2026.* 03:04:05 UTC$/,
    );
  });

  it('count seconds below the first minute', () => {
    expect(duration(0)).toBe('1 s');
    expect(duration(12_900)).toBe('12 s');
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [19_400_000, '19.4 MB'],
    [999_499, '999 kB'],
    [999_500, '1.0 MB'],
    [123_456_789, '123 MB'],
    [1_200_000_000, '1.2 GB'],
    [5e15, '5000 TB'],
  ])('%d bytes are "%s"', (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });
});

describe('identities', () => {
  it('are shortened as container tools and git do', () => {
    expect(shortDigest(DIGEST)).toBe('abababababab');
    expect(shortCommit(COMMIT)).toBe('0123456');
  });
});

it('numbers have the noun that goes with them', () => {
  expect([0, 1, 2].map((number) => count(number, 'commit'))).toEqual([
    '0 commits',
    '1 commit',
    '2 commits',
  ]);
});
