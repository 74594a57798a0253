import { act, fireEvent, render, screen } from '@testing-library/preact';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { App } from '../src/App';
import { applyTheme, rememberedTheme } from '../src/theme/theme';
import { ThemeToggle } from '../src/theme/ThemeToggle';
import { LiveRegion } from '../src/ui/announcer';
import { CopyButton } from '../src/ui/CopyButton';
import { DIGEST } from './samples';

describe('the copy button', () => {
  const show = () =>
    render(
      <>
        <CopyButton text={DIGEST} label="digest of portbook in dev" />
        <LiveRegion />
      </>,
    );
  const button = () => screen.getByRole('button', { name: 'Copy the digest of portbook in dev' });

  it('copies the whole text and says so, to the eye and to the ear', async () => {
    const writeText = vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    show();
    fireEvent.click(button());
    expect(await screen.findByText('Copied')).toBeTruthy();
    expect(writeText).toHaveBeenCalledWith(DIGEST);
    expect(screen.getByTestId('announcer').textContent).toBe(
      'Copied the digest of portbook in dev.',
    );
  });

  it('returns to its first face after a while', async () => {
    vi.useFakeTimers();
    vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    show();
    fireEvent.click(button());
    await vi.advanceTimersByTimeAsync(1000);
    expect(button().textContent).toBe('Copied');
    await vi.advanceTimersByTimeAsync(2000);
    expect(button().textContent).toBe('Copy');
  });

  it('says when the browser refuses', async () => {
    vi.spyOn(navigator.clipboard, 'writeText').mockRejectedValue(new Error('denied'));
    show();
    fireEvent.click(button());
    expect(await screen.findByText('Not copied')).toBeTruthy();
    expect(screen.getByTestId('announcer').textContent).toContain('could not be copied');
  });

  it('works without the clipboard API, which plain HTTP does not have', async () => {
    vi.stubGlobal('navigator', {});
    let copied = '';
    const execCommand = () => {
      copied = document.querySelector('textarea')?.value ?? '';
      return true;
    };
    Object.assign(document, { execCommand });
    show();
    fireEvent.click(button());
    expect(await screen.findByText('Copied')).toBeTruthy();
    expect(copied).toBe(DIGEST);
    expect(document.querySelector('textarea')).toBeNull();
  });
});

describe('the theme toggle', () => {
  const pressed = () =>
    screen
      .getAllByRole('button')
      .filter((button) => button.getAttribute('aria-pressed') === 'true')
      .map((button) => button.textContent);

  it('follows the system at first', () => {
    render(<ThemeToggle />);
    expect(screen.getByRole('group', { name: 'Colour scheme' })).toBeTruthy();
    expect(pressed()).toEqual(['System']);
    expect(document.documentElement.dataset.theme).toBeUndefined();
  });

  it('shows and remembers a choice', () => {
    render(<ThemeToggle />);
    fireEvent.click(screen.getByRole('button', { name: 'Dark' }));
    expect(pressed()).toEqual(['Dark']);
    expect(document.documentElement.dataset.theme).toBe('dark');
    expect(rememberedTheme()).toBe('dark');
    fireEvent.click(screen.getByRole('button', { name: 'System' }));
    expect(document.documentElement.dataset.theme).toBeUndefined();
    expect(localStorage).toHaveLength(0);
  });

  it('starts with what was remembered, and with the system when that is nonsense', () => {
    localStorage.setItem('portbook.theme', 'light');
    expect(rememberedTheme()).toBe('light');
    applyTheme(rememberedTheme());
    expect(document.documentElement.dataset.theme).toBe('light');
    localStorage.setItem('portbook.theme', 'pink');
    expect(rememberedTheme()).toBe('system');
  });

  it('works where the browser refuses storage', () => {
    vi.stubGlobal('localStorage', {
      getItem: () => {
        throw new DOMException('', 'SecurityError');
      },
      setItem: () => {
        throw new DOMException('', 'SecurityError');
      },
      clear: () => undefined,
    });
    render(<ThemeToggle />);
    fireEvent.click(screen.getByRole('button', { name: 'Dark' }));
    expect(document.documentElement.dataset.theme).toBe('dark');
  });
});

describe('routes', () => {
  beforeEach(() => {
    vi.stubGlobal('fetch', () => new Promise<never>(() => undefined));
  });

  it('show the board at / and nothing else there', () => {
    render(<App />);
    expect(screen.getByRole('heading', { level: 1, name: 'What runs where' })).toBeTruthy();
    expect(document.title).toBe('Board · Portbook');
  });

  it('say that an unknown page is not there, and lead back without loading anew', async () => {
    history.replaceState(null, '', '/nowhere/here');
    render(<App />);
    expect(screen.getByRole('heading', { level: 1, name: 'There is no such page' })).toBeTruthy();
    expect(screen.getByText('/nowhere/here')).toBeTruthy();
    expect(document.title).toBe('No such page · Portbook');
    fireEvent.click(screen.getByRole('link', { name: 'Back to the board' }));
    expect(await screen.findByRole('heading', { name: 'What runs where' })).toBeTruthy();
    expect(location.pathname).toBe('/');
    expect(document.activeElement).toBe(screen.getByRole('main'));
  });

  it('follow the back button', async () => {
    render(<App />);
    await act(() => {
      history.pushState(null, '', '/nowhere');
      dispatchEvent(new PopStateEvent('popstate'));
    });
    expect(screen.getByRole('heading', { name: 'There is no such page' })).toBeTruthy();
  });

  it('leave a click that asks for a new tab to the browser', () => {
    history.replaceState(null, '', '/nowhere');
    render(<App />);
    const link = screen.getByRole('link', { name: 'Back to the board' });
    link.addEventListener('click', (event) => {
      event.preventDefault();
    });
    fireEvent.click(link, { ctrlKey: true });
    expect(location.pathname).toBe('/nowhere');
  });

  it('begin with a link that skips to the content', () => {
    render(<App />);
    const skip = document.querySelector('a');
    expect(skip?.textContent).toBe('Skip to the content');
    expect(document.querySelector(skip?.getAttribute('href') ?? '')).toBe(screen.getByRole('main'));
  });
});
