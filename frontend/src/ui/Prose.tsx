/** A server's sentence, in which commands stand between backticks. */
export function Prose({ text }: { text: string }) {
  const pieces = text.split('`');
  // An odd number of backticks quotes nothing for certain.
  if (pieces.length % 2 === 0) return <>{text}</>;
  return <>{pieces.map((piece, index) => (index % 2 === 1 ? <code>{piece}</code> : piece))}</>;
}
