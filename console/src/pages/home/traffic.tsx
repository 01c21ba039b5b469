/** Requests, errors and the slow end of one hour, minute by minute. */
import { lazy, Suspense, useCallback, useMemo } from 'react';
import type { TrafficPoint } from '../../../../generated/client.ts';
import { useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';

const Sparkline = lazy(() => import('../../charts/sparkline.tsx'));

const texts = {
  requests: { en: 'Requests', zh: '请求' },
  errors: { en: 'Refused or failed', zh: '拒绝或失败' },
  slow: { en: 'Slowest 5 % took at least', zh: '最慢的 5% 耗时不低于' },
  share: { en: '{share} of all', zh: '占 {share}' },
};
const HEIGHT = 72;

export function Traffic({ points }: { readonly points: readonly TrafficPoint[] }) {
  const say = useSay();
  const formats = useFormats();
  const number = formats.number;
  const bad = (point: TrafficPoint) => point.clientErrors + point.serverErrors;
  const total = points.reduce((sum, point) => sum + point.requests, 0);
  const failed = points.reduce((sum, point) => sum + bad(point), 0);
  const slowest = points.reduce((most, point) => Math.max(most, point.p95Ms ?? 0), 0);
  return (
    <div style={{ display: 'grid', gap: 24, gridTemplateColumns: 'repeat(auto-fit, minmax(220px, 1fr))' }}>
      <Figure
        label={say(texts.requests)}
        value={number(total)}
        points={points}
        of={(point) => point.requests}
        format={number}
        tone="calm"
      />
      <Figure
        label={say(texts.errors)}
        value={number(failed)}
        note={total > 0 ? say(texts.share, { share: formats.percent(failed / total) }) : undefined}
        points={points}
        of={bad}
        format={number}
        tone="bad"
      />
      <Figure
        label={say(texts.slow)}
        value={formats.duration(slowest)}
        points={points}
        of={(point) => point.p95Ms ?? 0}
        format={formats.duration}
        tone="calm"
      />
    </div>
  );
}

interface FigureProps {
  readonly label: string;
  readonly value: string;
  readonly note?: string | undefined;
  readonly points: readonly TrafficPoint[];
  readonly of: (point: TrafficPoint) => number;
  readonly format: (value: number) => string;
  readonly tone: 'calm' | 'bad';
}

function Figure({ label, value, note, points, of, format, tone }: FigureProps) {
  const formats = useFormats();
  const line = useMemo(() => points.map((point) => [point.time, of(point)] as const), [points, of]);
  const formatTime = useCallback((at: number) => formats.time(at), [formats]);
  return (
    <div>
      <div className="weir-quiet">{label}</div>
      <div>
        <strong style={{ fontSize: 22 }}>{value}</strong> <span className="weir-quiet">{note}</span>
      </div>
      <Suspense fallback={<div className="weir-waiting" style={{ height: HEIGHT }} />}>
        <Sparkline label={`${label}: ${value}`} points={line} tone={tone} format={format} formatTime={formatTime} />
      </Suspense>
    </div>
  );
}
