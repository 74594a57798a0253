import { useEffect, useState } from 'preact/hooks';
import { announce } from '../ui/announcer';
import { NO_CHANGES } from './changes';
import { BoardPoller, type BoardState } from './poller';

const NOTHING_YET: BoardState = {
  board: null,
  confirmedAt: null,
  error: null,
  changes: NO_CHANGES,
};

/** The board as it is now, and a way to ask for it at once. */
export function useBoard(): BoardState & { pollNow: () => void } {
  const [state, setState] = useState(NOTHING_YET);
  const [poller] = useState(() => new BoardPoller({ onState: setState, onAnnouncement: announce }));
  useEffect(() => {
    poller.start();
    return () => {
      poller.stop();
    };
  }, [poller]);
  return {
    ...state,
    pollNow: () => {
      poller.pollNow();
    },
  };
}
