/** Numbers of listeners over threads, and their metrics. */
import type { MetricsJson } from '../sdk/channel.ts';
import type { ListenerNumbers } from './contract.ts';
import { metricJson, type Sample } from './metrics-json.ts';
import specs from './metrics.ts';

/** One entry per listener with the sums of several. */
export function joinListeners(lists: readonly (readonly ListenerNumbers[])[]): readonly ListenerNumbers[] {
  const totals = new Map<string, ListenerNumbers>();
  for (const numbers of lists.flat()) {
    const before = totals.get(numbers.name);
    totals.set(numbers.name, before ? added(before, numbers) : numbers);
  }
  return [...totals.values()];
}

function added(a: ListenerNumbers, b: ListenerNumbers): ListenerNumbers {
  const ended = new Map(a.ended);
  for (const [reason, count] of b.ended) ended.set(reason, (ended.get(reason) ?? 0) + count);
  return {
    name: a.name,
    connections: a.connections + b.connections,
    accepted: a.accepted + b.accepted,
    requests: a.requests + b.requests,
    ended: [...ended],
  };
}

/** The metrics of listeners. */
export function listenerMetrics(all: readonly ListenerNumbers[]): MetricsJson {
  const per = (read: (numbers: ListenerNumbers) => number) =>
    all.map((numbers): Sample => ({ labels: { listener: numbers.name }, value: read(numbers) }));
  const ended = all.flatMap(({ name, ended }) => ended.map(([reason, value]): Sample => ({ labels: { listener: name, reason }, value })));
  return [
    metricJson(
      specs.connections,
      per((numbers) => numbers.connections),
    ),
    metricJson(
      specs.connectionsAccepted,
      per((numbers) => numbers.accepted),
    ),
    metricJson(specs.connectionsEnded, ended),
  ];
}
