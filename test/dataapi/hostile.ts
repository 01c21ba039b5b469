/** Texts that break careless SQL: a corpus in the manner of injection scanners, and seeded mixtures of its pieces. */
import type { Random } from '../../src/base/random.ts';

const CORPUS = [
  "'", '"', '`', '\\', "\\'", "''", ';', '--', '/*', '*/', '#', '$1', '$$', '${x}', '#{x}', '<if test="1">', '</where>', '?', ':x', '@x', '%', '_', '\u2019', '\u02bc', '\uff07',
  "' OR '1'='1", "' OR 1=1--", '1 OR 1=1', "'; DROP TABLE item; --", "1; DELETE FROM item", "' UNION SELECT name FROM sqlite_schema --", "1' AND SLEEP(5)--", "'||(SELECT 1)||'",
  "' AND 1=CAST((SELECT version()) AS int)--", "') OR ('a'='a", "'); ATTACH 'x.db' AS y; --", "1) UNION ALL SELECT NULL,NULL--", "' AND (SELECT pg_sleep(5)) IS NULL --",
  "'; SELECT pg_read_file('/etc/passwd'); --", "' INTO OUTFILE '/tmp/x", "E'\\''", "$q$ OR 1=1 $q$", '\r\n', '\t', '\u0001', '\u00a0', '\u2028', 'NULL', 'null', 'true', '0x31', '1e309', '-0', '{"a":1}', '[1]', '堰', '😀',
  'admin\'/*', "*/OR/**/'1'='1", "'+OR+1=1", "%27%20OR%201=1", "\\x27", "' OR ''='", "x' AND email IS NULL; --", "x'; EXEC xp_cmdshell('dir'); --", 'SELECT', 'UNION', 'WHERE', 'LIMIT 1',
];

/** The corpus, then `count` texts of 1–6 of its pieces. */
export function hostileTexts(random: Random, count: number): string[] {
  const mixed = Array.from({ length: count }, () => Array.from({ length: 1 + random.integer(6) }, () => CORPUS[random.integer(CORPUS.length)]!).join(''));
  return [...CORPUS, ...mixed];
}
