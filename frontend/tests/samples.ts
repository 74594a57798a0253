import type { Board, Cell, Commit, Service } from '../src/api/types';

export const COMMIT = '0123456789abcdef0123456789abcdef01234567';
export const DIGEST = `sha256:${'ab'.repeat(32)}`;

export function cell(changes: Partial<Cell> = {}): Cell {
  return {
    environment: 'dev',
    state: 'running',
    version: '1.2.3',
    commit: COMMIT,
    digest: DIGEST,
    actor: 'ci',
    since: '2026-01-02T03:04:05Z',
    commits_behind: 0,
    kind: 'deploy',
    evidence: 'e'.repeat(64),
    last_attempt: null,
    observed: null,
    incidents: 0,
    ...changes,
  };
}

export function service(name: string, ...cells: Cell[]): Service {
  return { project: 'portbook', name, cells };
}

export function commit(changes: Partial<Commit> = {}): Commit {
  return {
    project: 'portbook',
    commit: COMMIT,
    subject: 'Draw the margin',
    author: 'Ana',
    committed_at: '2026-01-02T03:00:00Z',
    ci: 'success',
    image: { digest: DIGEST, size_bytes: 19_400_000, platforms: ['linux/amd64'] },
    smoke: null,
    published: ['sha-0123456'],
    environments: ['dev'],
    unreachable: false,
    ...changes,
  };
}

export function board(changes: Partial<Board> = {}): Board {
  return {
    version: 17,
    environments: ['dev', 'prod'],
    services: [service('portbook', cell())],
    commits: [commit()],
    incidents: 0,
    ...changes,
  };
}

/** An answer of the board's endpoint, as the server gives it. */
export function boardResponse(body: Board): Response {
  return Response.json(body, { headers: { etag: `"board-${body.version}"` } });
}

/** An RFC 9457 problem, as the server gives it. */
export function problemResponse(status: number, detail: string): Response {
  return new Response(
    JSON.stringify({ type: 'urn:portbook:problem:x', title: 'X', status, detail }),
    {
      status,
      headers: { 'content-type': 'application/problem+json' },
    },
  );
}
