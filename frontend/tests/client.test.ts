import { describe, expect, it, vi } from 'vitest';
import { ApiError, fetchBoard } from '../src/api/client';
import { board, boardResponse, problemResponse } from './samples';

const never = () => new AbortController().signal;

function answerWith(...responses: Response[]) {
  const fetched = vi.fn<typeof fetch>();
  for (const response of responses) fetched.mockResolvedValueOnce(response);
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

function sentHeader(fetched: ReturnType<typeof answerWith>, name: string): string | null {
  return new Headers(fetched.mock.lastCall?.[1]?.headers).get(name);
}

async function failure(promise: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

describe('the ETag', () => {
  it('is not sent at first, and comes back with the board', async () => {
    const fetched = answerWith(boardResponse(board({ version: 17 })));
    const answer = await fetchBoard(null, never());
    expect(sentHeader(fetched, 'if-none-match')).toBeNull();
    expect(answer).toEqual({ kind: 'changed', board: board(), etag: '"board-17"' });
  });

  it('is sent afterwards, so that a 304 is enough', async () => {
    const fetched = answerWith(new Response(null, { status: 304 }));
    const answer = await fetchBoard('"board-17"', never());
    expect(sentHeader(fetched, 'if-none-match')).toBe('"board-17"');
    expect(fetched.mock.lastCall?.[1]?.cache).toBe('no-store');
    expect(answer).toEqual({ kind: 'unchanged' });
  });
});

describe('a failure', () => {
  it('tells the detail of a problem document', async () => {
    answerWith(problemResponse(503, 'Run `portbook migrate`.'));
    const error = await failure(fetchBoard(null, never()));
    expect(error).toMatchObject({
      kind: 'problem',
      status: 503,
      message: 'Run `portbook migrate`.',
    });
  });

  it('tells the status when the answer is no problem document', async () => {
    answerWith(new Response('<h1>Bad gateway</h1>', { status: 502 }));
    const error = await failure(fetchBoard(null, never()));
    expect(error).toMatchObject({ kind: 'problem', status: 502 });
    expect(error.message).toContain('502');
  });

  it.each([
    ['not JSON', new Response('<!doctype html>')],
    ['without a version', Response.json({ ...board(), version: undefined })],
    ['without environments', Response.json({ ...board(), environments: undefined })],
    ['without services', Response.json({ ...board(), services: undefined })],
    ['without commits', Response.json({ ...board(), commits: undefined })],
    ['null', Response.json(null)],
  ])('is an answer that is no board: %s', async (_, response) => {
    answerWith(response);
    expect((await failure(fetchBoard(null, never()))).kind).toBe('malformed');
  });

  it('is a server that does not answer', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new TypeError('Failed to fetch')));
    expect((await failure(fetchBoard(null, never()))).kind).toBe('network');
  });

  it('is an answer that takes too long', async () => {
    vi.stubGlobal('fetch', vi.fn().mockRejectedValue(new DOMException('', 'TimeoutError')));
    expect((await failure(fetchBoard(null, never()))).kind).toBe('timeout');
  });

  it('is an answer that breaks off in the middle', async () => {
    const cut = boardResponse(board());
    vi.spyOn(cut, 'json').mockRejectedValue(new TypeError('network error'));
    answerWith(cut);
    expect((await failure(fetchBoard(null, never()))).kind).toBe('network');
  });
});

it('an abort is passed on as itself, not as a failure of the server', async () => {
  const controller = new AbortController();
  const reason = new Error('the tab was hidden');
  const fetched = vi.fn<typeof fetch>((_, init) => {
    const signal = init?.signal;
    return new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => {
        reject(new DOMException('', 'AbortError'));
      });
    });
  });
  vi.stubGlobal('fetch', fetched);
  const answer = fetchBoard(null, controller.signal);
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);
});
