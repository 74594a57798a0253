import { useState } from 'preact/hooks';
import { Icon } from '../ui/Icon';
import { rememberedTheme, setTheme, THEMES, type Theme } from './theme';

const WORDS: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' };

export function ThemeToggle() {
  const [theme, setShown] = useState(rememberedTheme);
  const choose = (chosen: Theme) => {
    setTheme(chosen);
    setShown(chosen);
  };
  return (
    <div class="themes" role="group" aria-label="Colour scheme">
      {THEMES.map((each) => (
        <button
          key={each}
          type="button"
          class="theme"
          aria-pressed={each === theme}
          title={`${WORDS[each]} colours`}
          onClick={() => {
            choose(each);
          }}
        >
          <Icon name={each} />
          <span class="theme-word">{WORDS[each]}</span>
        </button>
      ))}
    </div>
  );
}
