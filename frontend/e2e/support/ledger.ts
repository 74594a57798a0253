import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, type APIRequestContext } from '@playwright/test';
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

/** Writes evidence as the pipeline does: by HTTP, with a token. */
export class Ledger {
  readonly #request: APIRequestContext;
  readonly #token: string;

  constructor(request: APIRequestContext) {
    const file = process.env.PORTBOOK_E2E_TOKEN_FILE;
    if (file === undefined || file === '') {
      throw new Error(
        'PORTBOOK_E2E_TOKEN_FILE is not set: expected a file with a token of project portbook. Make one with ' +
          '`portbook admin token create --project portbook --scope evidence:write`.',
      );
    }
    this.#request = request;
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
    const response = await this.#request.post('/v1/evidence', {
      headers: { authorization: `Bearer ${this.#token}` },
      data: { evidence },
    });
    expect(response.status(), await response.text()).toBe(200);
    const { results } = (await response.json()) as IngestReport;
    expect(results.map((result) => result.status)).toEqual(facts.map(() => 'recorded'));
  }
}
