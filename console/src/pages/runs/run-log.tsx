/** The log of a run: level filter in the address, follows its end, draws only what is seen. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Card, Checkbox, Select, Space, Table, type TableColumnsType } from 'antd';
import { type ComponentRef, useEffect, useMemo, useRef, useState } from 'react';
import { api } from '../../api/client.ts';
import { type Language, type Say, type Text, useLanguage } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { addLines, type KeptLines, type Level, LEVELS, linesFrom, type LogLine, NO_LINES } from './log-lines.ts';

const texts = {
  title: { en: 'Log', zh: '日志' },
  least: { en: 'Lowest level', zh: '最低级别' },
  level: { en: 'Level', zh: '级别' },
  stream: { en: 'Stream', zh: '流' },
  allStreams: { en: 'All streams', zh: '所有流' },
  follow: { en: 'Follow', zh: '跟随最新' },
  time: { en: 'Time', zh: '时间' },
  message: { en: 'Message', zh: '内容' },
  none: { en: 'No line yet.', zh: '暂无日志。' },
  noneLevel: { en: 'No line of this level.', zh: '没有该级别的日志。' },
  dropped: {
    en: 'The oldest {count} lines are not shown here: weir run logs {id} prints all.',
    zh: '最早的 {count} 行未在此显示，可用 weir run logs {id} 查看全部。',
  },
};

const WORDS: Readonly<Record<Level, { readonly tone: Tone; readonly text: Text }>> = {
  debug: { tone: 'off', text: { en: 'Debug', zh: '调试' } },
  info: { tone: 'waiting', text: { en: 'Info', zh: '信息' } },
  warn: { tone: 'warning', text: { en: 'Warning', zh: '警告' } },
  error: { tone: 'bad', text: { en: 'Error', zh: '错误' } },
};

const EVERY_MS = 1_000;
const PAGE_LINES = 1_000;
/** Pages read in one go; the next look reads on. */
const PAGES_MAX = 20;
const HEIGHT = 380;
const WIDTH = 820;

export function RunLog({ id, isMoving }: { readonly id: string; readonly isMoving: boolean }) {
  const { say, language, locale } = useLanguage();
  const [url, setUrl] = useUrlState();
  const [follow, setFollow] = useState(isMoving);
  const { data = NO_LINES, error, isPending } = useLines(id, isMoving, language);
  const level = LEVELS.find((one) => one === url['level']) ?? 'info';
  const shown = useMemo(() => linesFrom(data.lines, level, url['stream']), [data.lines, level, url]);
  const streams = useMemo(() => [...new Set(data.lines.flatMap(({ stream }) => (stream === null ? [] : [stream])))].sort(), [data.lines]);
  const columns = useMemo(() => columnsOf(say, locale), [say, locale]);
  const table = useRef<ComponentRef<typeof Table>>(null);
  const newest = shown.at(-1)?.sequence;
  useEffect(() => {
    if (follow && newest !== undefined) table.current?.scrollTo({ key: newest });
  }, [follow, newest]);
  const tools = (
    <Space wrap>
      <Select
        aria-label={say(texts.least)}
        value={level}
        style={{ width: 120 }}
        options={LEVELS.map((value) => ({ value, label: say(WORDS[value].text) }))}
        onChange={(chosen) => setUrl({ level: chosen === 'info' ? undefined : chosen })}
      />
      <Select
        allowClear
        showSearch
        aria-label={say(texts.stream)}
        placeholder={say(texts.allStreams)}
        value={url['stream'] ?? null}
        style={{ minWidth: 160 }}
        options={streams.map((value) => ({ value, label: value }))}
        onChange={(chosen: string | undefined) => setUrl({ stream: chosen })}
      />
      <Checkbox checked={follow} onChange={(event) => setFollow(event.target.checked)}>
        {say(texts.follow)}
      </Checkbox>
    </Space>
  );
  return (
    <Card size="small" title={say(texts.title)} extra={tools} styles={{ body: { padding: 0 } }}>
      {error ? <ProblemView error={error} /> : null}
      {data.dropped > 0 ? <p className="weir-quiet">{say(texts.dropped, { count: data.dropped, id })}</p> : null}
      <Table<LogLine>
        virtual
        ref={table as never}
        size="small"
        rowKey="sequence"
        loading={isPending}
        columns={columns}
        dataSource={[...shown]}
        pagination={false}
        scroll={{ x: WIDTH, y: HEIGHT }}
        locale={{ emptyText: say(data.lines.length > 0 ? texts.noneLevel : texts.none) }}
      />
    </Card>
  );
}

/** Lines so far. The texts come in the reader's language: another language reads them anew. */
function useLines(id: string, isMoving: boolean, language: Language) {
  const queries = useQueryClient();
  const key = ['run-log', id, language] as const;
  const found = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => readOn(id, queries.getQueryData<KeptLines>(key) ?? NO_LINES, signal),
    refetchInterval: isMoving ? EVERY_MS : false,
    structuralSharing: false,
  });
  const { refetch } = found;
  // The last lines are written when the run ends: one more look then.
  useEffect(() => {
    if (!isMoving) void refetch();
  }, [isMoving, refetch]);
  return found;
}

async function readOn(id: string, before: KeptLines, signal: AbortSignal): Promise<KeptLines> {
  let kept = before;
  for (let page = 0; page < PAGES_MAX; page++) {
    const { data } = await api.listRunLogs({ params: { id }, query: { after: kept.last, limit: PAGE_LINES }, signal });
    kept = addLines(kept, data.items);
    if (data.items.length < PAGE_LINES) break;
  }
  return kept;
}

function columnsOf(say: Say, locale: string): TableColumnsType<LogLine> {
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  });
  return [
    { key: 'time', title: say(texts.time), width: 130, render: (_, { time }) => <time>{clock.format(time)}</time> },
    {
      key: 'level',
      title: say(texts.level),
      width: 110,
      render: (_, { level }) => <Mark tone={WORDS[level].tone}>{say(WORDS[level].text)}</Mark>,
    },
    { key: 'stream', title: say(texts.stream), width: 160, ellipsis: true, render: (_, { stream }) => stream ?? '—' },
    { key: 'message', title: say(texts.message), render: (_, { message }) => <span className="weir-log-message">{message}</span> },
  ];
}
