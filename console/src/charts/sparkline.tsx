/** A small line over time, drawn by ECharts in a chunk of its own; the same figures stand beside it as a table for readers. */
import { LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import { type EChartsType, init, use as register } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { useEffect, useRef } from 'react';
import { useTheme } from '../ui/theme.tsx';

register([LineChart, GridComponent, TooltipComponent, SVGRenderer]);

export interface SparklineProps {
  /** What the line shows, for those who cannot see it. */
  readonly label: string;
  /** Pairs of a time (ms since 1970) and a value. */
  readonly points: readonly (readonly [number, number])[];
  readonly tone: 'calm' | 'bad';
  readonly format: (value: number) => string;
  readonly formatTime: (at: number) => string;
}

const COLOURS = { calm: { light: '#0f6b82', dark: '#4db8cf' }, bad: { light: '#b3261e', dark: '#ff8a80' } } as const;
const HEIGHT = 72;

export default function Sparkline({ label, points, tone, format, formatTime }: SparklineProps) {
  const { dark } = useTheme();
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(undefined);
  useEffect(() => {
    const drawn = init(place.current!, undefined, { renderer: 'svg' });
    chart.current = drawn;
    const watcher = new ResizeObserver(() => drawn.resize());
    watcher.observe(place.current!);
    return () => {
      watcher.disconnect();
      drawn.dispose();
    };
  }, []);
  useEffect(() => {
    const colour = COLOURS[tone][dark ? 'dark' : 'light'];
    chart.current?.setOption({
      animation: false,
      grid: { left: 2, right: 2, top: 6, bottom: 4 },
      xAxis: { type: 'time', show: false },
      yAxis: { type: 'value', show: false, min: 0 },
      tooltip: {
        trigger: 'axis',
        confine: true,
        formatter: (shown: { value: [number, number] }[]) => `${formatTime(shown[0]!.value[0])}<br>${format(shown[0]!.value[1])}`,
      },
      series: [
        {
          type: 'line',
          data: points,
          showSymbol: false,
          lineStyle: { width: 2, color: colour },
          areaStyle: { color: colour, opacity: 0.12 },
        },
      ],
    });
  }, [points, tone, dark, format, formatTime]);
  return <div ref={place} role="img" aria-label={label} style={{ height: HEIGHT }} />;
}
