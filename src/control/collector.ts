/** Asks role processes for their metrics and waits a bounded time for the answers. */
import type { Clock } from '../base/clock.ts';
import type { Channel, FromControl, MetricsJson, ToControl } from '../sdk/channel.ts';

type Line = Channel<ToControl, FromControl>;

export interface Collector {
  /** Metrics of the process behind `line`; undefined when it does not answer within two seconds or its line closes. */
  ask(line: Line): Promise<MetricsJson | undefined>;
  /** Takes the answer to question `id`. */
  answer(id: number, metrics: MetricsJson): void;
  /** Nobody waits for this line any more. */
  gone(line: Line): void;
}

const ANSWER_MS = 2000;

/** Makes a collector. */
export function createCollector(clock: Clock): Collector {
  const open = new Map<number, { readonly line: Line; readonly done: (metrics: MetricsJson | undefined) => void }>();
  let lastId = 0;
  return {
    ask: (line) =>
      new Promise((resolve) => {
        const id = ++lastId;
        const done = (metrics: MetricsJson | undefined) => {
          cancel();
          open.delete(id);
          resolve(metrics);
        };
        const cancel = clock.after(ANSWER_MS, () => done(undefined));
        open.set(id, { line, done });
        if (!line.send({ type: 'collect', id })) done(undefined);
      }),
    answer: (id, metrics) => open.get(id)?.done(metrics),
    gone(line) {
      for (const question of open.values()) if (question.line === line) question.done(undefined);
    },
  };
}
