/** All an extension may import. */
export * from '../base/assert.ts';
export * from '../base/clock.ts';
export * from '../base/log.ts';
export * from '../base/problem.ts';
export * from '../base/schema.ts';
export * from '../base/text.ts';
export * from './auth.ts';
export * from './component.ts';
export * from './connector.ts';
export * from './counters.ts';
export * from './exchange.ts';
export * from './policy.ts';
export * from './query.ts';
export * from './record.ts';
