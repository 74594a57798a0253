import { ApiError, fetchBoard } from '../api/client';
import type { Board } from '../api/types';
import { announcement, changesBetween, NO_CHANGES, type Changes } from './changes';

/** How often the board is asked for, in milliseconds. */
export const INTERVAL = 5000;

export interface BoardState {
  /** The last board that was read; null until one was. */
  board: Board | null;
  /** When the server last confirmed it, in milliseconds since the epoch. */
  confirmedAt: number | null;
  /** Why the last attempt brought nothing; null when it brought an answer. */
  error: ApiError | null;
  /** What the last new board changed. */
  changes: Changes;
}

export interface PollerOptions {
  onState: (state: BoardState) => void;
  /** Receives what somebody who does not look at the page should hear. */
  onAnnouncement: (text: string) => void;
}

/** Keeps a board up to date while the page is visible. */
export class BoardPoller {
  readonly #options: PollerOptions;
  #state: BoardState = { board: null, confirmedAt: null, error: null, changes: NO_CHANGES };
  #etag: string | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | null = null;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  start(): void {
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#onVisibility();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.#pause();
  }

  /** Asks at once, instead of at the next turn. */
  pollNow(): void {
    this.#pause();
    void this.#poll();
  }

  readonly #onVisibility = (): void => {
    if (document.visibilityState === 'hidden') this.#pause();
    else this.pollNow();
  };

  #pause(): void {
    clearTimeout(this.#timer);
    this.#request?.abort();
    this.#request = null;
  }

  async #poll(): Promise<void> {
    const request = new AbortController();
    this.#request = request;
    try {
      const answer = await fetchBoard(this.#etag, request.signal);
      if (request.signal.aborted) return;
      if (answer.kind === 'changed') this.#etag = answer.etag;
      this.#confirm(answer.kind === 'changed' ? answer.board : null);
    } catch (error) {
      if (request.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#fail(error);
    }
    this.#timer = setTimeout(() => void this.#poll(), INTERVAL);
  }

  #confirm(fresh: Board | null): void {
    const { board: old, error, changes } = this.#state;
    const spoken: string[] = [];
    let now = changes;
    if (error !== null && old !== null) spoken.push('The server answers again.');
    if (fresh !== null && old !== null) {
      now = changesBetween(old, fresh);
      if (now.sentences.length > 0) spoken.push(announcement(now));
    }
    this.#set({ board: fresh ?? old, confirmedAt: Date.now(), error: null, changes: now });
    if (spoken.length > 0) this.#options.onAnnouncement(spoken.join(' '));
  }

  #fail(error: ApiError): void {
    const first = this.#state.error === null;
    this.#set({ ...this.#state, error });
    if (first) this.#options.onAnnouncement(`The board cannot be read. ${error.message}`);
  }

  #set(state: BoardState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}
