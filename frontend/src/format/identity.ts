/** The first 12 hexadecimal digits of a digest, without its algorithm, as container tools shorten it. */
export function shortDigest(digest: string): string {
  return digest.slice(digest.indexOf(':') + 1).slice(0, 12);
}

/** The first 7 hexadecimal digits of a commit, as in the tag `sha-<7>`. */
export function shortCommit(commit: string): string {
  return commit.slice(0, 7);
}
