import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from '@playwright/test';
import type { components } from '../../src/api/schema';

type Claim = components['schemas']['Claim'];
type IngestReport = components['schemas']['IngestReport'];

/** A text of `length` hexadecimal digits that nobody else has. */
export function randomHex(length: number): string {
  return randomBytes(Math.ceil(length / 2))
    .toString('hex')
    .slice(0, length);
}

export function randomDigest(): string {
  return `sha256:${randomHex(64)}`;
}

/** The instant so many seconds ago, as evidence writes it. */
export function secondsAgo(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/**
 * Writes evidence as the pipeline does: by HTTP, with a token. Not by Playwright's own requests, which would write
 * the token into the trace of a test that failed.
 */
export class Ledger {
  readonly #endpoint: URL;
  readonly #token: string;

  constructor(baseURL: string | undefined) {
    const file = process.env.PORTBOOK_E2E_TOKEN_FILE;
    if (file === undefined || file === '') {
      throw new Error(
        'PORTBOOK_E2E_TOKEN_FILE is not set: expected a file with a token of project portbook. Make one with ' +
          '`portbook admin token create --project portbook --scope evidence:write`.',
      );
    }
    this.#endpoint = new URL('/v1/evidence', baseURL);
    this.#token = readFileSync(file, 'utf8').trim();
  }

  /** Records facts, each with the instant at which it happened; fails when one of them is not recorded. */
  async record(...facts: { at: string; claim: Claim }[]): Promise<void> {
    const evidence = facts.map(({ at, claim }) => ({
      schema: 'portbook.evidence/v1',
      project: 'portbook',
      occurred_at: at,
      claim,
    }));
    const response = await fetch(this.#endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ evidence }),
    });
    const body = await response.text();
    expect(response.status, body).toBe(200);
    const { results } = JSON.parse(body) as IngestReport;
    expect(results.map((result) => result.status)).toEqual(facts.map(() => 'recorded'));
  }
}
