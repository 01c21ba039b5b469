/** How far a run is: rows, bytes, rate, and about how long it still takes. */
import { Card, Progress, Statistic } from 'antd';
import type { Run } from '../../../../generated/client.ts';
import { isMoving, sumsOf } from '../../data/run-sums.ts';
import { useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';

const texts = {
  read: { en: 'Rows read', zh: '已读行数' },
  written: { en: 'Rows written', zh: '已写行数' },
  bytes: { en: 'Carried', zh: '传输量' },
  rate: { en: 'Rate', zh: '速率' },
  rateValue: { en: '{rows} rows/s', zh: '{rows} 行/秒' },
  mean: { en: 'Mean rate', zh: '平均速率' },
  rest: { en: 'Still', zh: '剩余时间' },
  about: { en: 'about {time}', zh: '约 {time}' },
  streams: { en: 'Streams done', zh: '已完成的流' },
  progress: { en: 'Share of the rows the source expects', zh: '占源预计行数的比例' },
};

export function RunProgress({ run }: { readonly run: Run }) {
  const say = useSay();
  const formats = useFormats();
  const sums = sumsOf(run);
  const moving = isMoving(run);
  const rate = moving ? sums.rowsPerSecond : meanRate(run, sums.rowsWritten);
  const facts: [string, string][] = [
    [say(texts.written), formats.number(sums.rowsWritten)],
    [say(texts.read), formats.number(sums.rowsRead)],
    [say(texts.bytes), formats.bytes(sums.bytes)],
    [say(moving ? texts.rate : texts.mean), rate === undefined ? '—' : say(texts.rateValue, { rows: formats.number(Math.round(rate)) })],
    [say(texts.streams), `${sums.streamsDone} / ${run.streams.length}`],
  ];
  if (moving)
    facts.push([say(texts.rest), sums.remainingMs === undefined ? '—' : say(texts.about, { time: formats.duration(sums.remainingMs) })]);
  return (
    <Card size="small">
      <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fit, minmax(140px, 1fr))', gap: 16 }}>
        {facts.map(([title, value]) => (
          <Statistic key={title} title={title} value={value} styles={{ content: { fontSize: 20, fontVariantNumeric: 'tabular-nums' } }} />
        ))}
      </div>
      {moving && sums.share !== undefined ? (
        <Progress percent={Math.floor(sums.share * 100)} aria-label={say(texts.progress)} style={{ marginBlockStart: 8 }} />
      ) : null}
    </Card>
  );
}

function meanRate({ startedAt, finishedAt }: Run, rows: number): number | undefined {
  if (startedAt === null || finishedAt === null || finishedAt <= startedAt) return undefined;
  return (rows * 1000) / (finishedAt - startedAt);
}
