import type { Board } from './types';

/** How long an answer may take before the server counts as unreachable, in milliseconds. */
const TIMEOUT = 10_000;

/** What a poll of the board brought. `unchanged` is a 304: the board that the ETag names still holds. */
export type BoardAnswer =
  { kind: 'changed'; board: Board; etag: string | null } | { kind: 'unchanged' };

/** Why there is no answer: `network` and `timeout` before one came, `problem` and `malformed` because of it. */
export type ApiErrorKind = 'network' | 'timeout' | 'problem' | 'malformed';

export class ApiError extends Error {
  readonly kind: ApiErrorKind;
  /** The HTTP status, when an answer came that was none of the expected ones. */
  readonly status: number | null;

  constructor(kind: ApiErrorKind, message: string, status: number | null = null) {
    super(message);
    this.name = 'ApiError';
    this.kind = kind;
    this.status = status;
  }
}

/**
 * Reads the board, at the price of a 304 when `etag` still names it.
 *
 * Rejects with an `ApiError`, or with the signal's own reason when the caller aborted.
 */
export async function fetchBoard(etag: string | null, signal: AbortSignal): Promise<BoardAnswer> {
  const response = await request('/v1/board', etag, signal);
  if (response.status === 304) return { kind: 'unchanged' };
  const body = await readJson(response, signal);
  if (!response.ok) throw problemError(response, body);
  if (!isBoard(body)) {
    throw new ApiError('malformed', 'The server answered, but not with a board.');
  }
  return { kind: 'changed', board: body, etag: response.headers.get('etag') };
}

async function request(path: string, etag: string | null, signal: AbortSignal): Promise<Response> {
  const headers = new Headers({ accept: 'application/json' });
  if (etag !== null) headers.set('if-none-match', etag);
  try {
    // The browser's own cache would turn a 304 into a 200 with an old body.
    return await fetch(path, {
      headers,
      cache: 'no-store',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    });
  } catch (error) {
    throw transportError(error, signal);
  }
}

async function readJson(response: Response, signal: AbortSignal): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw transportError(error, signal);
  }
}

function transportError(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return new ApiError('timeout', `No answer came within ${TIMEOUT / 1000} seconds.`);
  }
  return new ApiError('network', 'The server could not be reached.');
}

function problemError(response: Response, body: unknown): ApiError {
  const type = response.headers.get('content-type') ?? '';
  const detail =
    type.startsWith('application/problem+json') && isRecord(body)
      ? (body.detail ?? body.title)
      : '';
  const said = typeof detail === 'string' && detail !== '';
  const message = said ? detail : `The server answered with status ${response.status}.`;
  return new ApiError('problem', message, response.status);
}

/** Guards against a proxy or another server that answers 200 with something else. */
function isBoard(body: unknown): body is Board {
  return (
    isRecord(body) &&
    typeof body.version === 'number' &&
    Array.isArray(body.environments) &&
    Array.isArray(body.services) &&
    Array.isArray(body.commits)
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
