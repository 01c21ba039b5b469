/** Where programs of other gateways are kept between runs. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export const CACHE = process.env['WEIR_BENCH_CACHE'] ?? join(homedir(), '.cache', 'weir-bench');
