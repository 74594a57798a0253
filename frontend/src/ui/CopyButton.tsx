import { useEffect, useState } from 'preact/hooks';
import { announce } from './announcer';
import { copyText } from './clipboard';
import { Icon } from './Icon';

/** How long the button shows what happened, in milliseconds. */
const SHOWN_FOR = 2000;

const FACES = {
  idle: { icon: 'copy', word: 'Copy' },
  copied: { icon: 'check', word: 'Copied' },
  failed: { icon: 'cross', word: 'Not copied' },
} as const;

interface Props {
  /** What is copied. */
  text: string;
  /** What it is called, such as `digest of portbook in dev`. */
  label: string;
}

export function CopyButton({ text, label }: Props) {
  const [face, setFace] = useState<keyof typeof FACES>('idle');
  useEffect(() => {
    if (face === 'idle') return undefined;
    const timer = setTimeout(() => {
      setFace('idle');
    }, SHOWN_FOR);
    return () => {
      clearTimeout(timer);
    };
  }, [face]);

  const copy = async () => {
    try {
      await copyText(text);
      setFace('copied');
      announce(`Copied the ${label}.`);
    } catch {
      setFace('failed');
      announce(`The ${label} could not be copied.`);
    }
  };

  const { icon, word } = FACES[face];
  return (
    <button
      type="button"
      class={`copy copy-${face}`}
      title={`Copy the ${label}`}
      aria-label={`Copy the ${label}`}
      onClick={() => void copy()}
    >
      <Icon name={icon} />
      <span class="copy-word">{word}</span>
    </button>
  );
}
