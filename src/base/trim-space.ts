/**
 * A text without the spaces and tabs around it: what HTTP allows there (OWS, RFC 9110 §5.6.3), and no more. `trim` of the
 * language also takes U+00A0 and others away, which here are bytes of a value: the end of an `à` in UTF-8.
 */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(c: number): boolean {
  return c === 32 || c === 9;
}
