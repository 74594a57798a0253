import { shortDigest } from '../format/identity';
import { CopyButton } from './CopyButton';

/** A digest, shortened for the eye and whole for the clipboard. */
export function Digest({ digest, of }: { digest: string; of: string }) {
  return (
    <span class="digest">
      <code title={digest}>{shortDigest(digest)}</code>
      <CopyButton text={digest} label={`digest of ${of}`} />
    </span>
  );
}
