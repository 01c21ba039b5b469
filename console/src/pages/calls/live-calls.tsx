/** The live tail: calls as they end, newest on top, the last ones kept. */
import { PauseOutlined, PlayCircleOutlined } from '@ant-design/icons';
import { Button, Empty, Space, Table } from 'antd';
import { useEffect, useState } from 'react';
import type { CallRecord } from '../../../../generated/client.ts';
import { useFormats } from '../../ui/format.tsx';
import { useSay } from '../../ui/language.tsx';
import { FieldRow, tableColumns } from '../../ui/list-view.tsx';
import { useProject } from '../../ui/project.tsx';
import { Mark, type Tone } from '../../ui/status.tsx';
import { useUrlState } from '../../ui/url-state.tsx';
import { callColumns, callFields } from './columns.tsx';

const texts = {
  connecting: { en: 'connecting', zh: '正在连接' },
  listening: { en: 'listening', zh: '正在接收' },
  paused: { en: 'paused', zh: '已暂停' },
  lost: { en: 'connection lost, trying again', zh: '连接中断，正在重试' },
  pause: { en: 'Pause', zh: '暂停' },
  go: { en: 'Go on', zh: '继续' },
  clear: { en: 'Clear', zh: '清空' },
  dropped: { en: '{count} calls came too fast to be shown', zh: '{count} 条调用因过快而未显示' },
  waiting: { en: 'Waiting for the next call …', zh: '等待下一次调用……' },
  kept: { en: 'the last {count} calls', zh: '最近 {count} 条调用' },
};

const KEPT_MAX = 300;

type State = 'connecting' | 'listening' | 'paused' | 'lost';
const TONES: Readonly<Record<State, Tone>> = { connecting: 'waiting', listening: 'going', paused: 'stopped', lost: 'bad' };

interface Tail {
  readonly calls: readonly CallRecord[];
  readonly dropped: number;
  readonly state: State;
}
const NOTHING: Tail = { calls: [], dropped: 0, state: 'connecting' };

/** Draws the tail with the page's filters. */
export function LiveCalls() {
  const say = useSay();
  const formats = useFormats();
  const { project } = useProject();
  const [url, change] = useUrlState();
  const [paused, setPaused] = useState(false);
  const query = new URLSearchParams(
    [...callFields.map(({ name }) => [name, url[name]]), ['project', project]].filter((pair): pair is [string, string] => !!pair[1]),
  ).toString();
  const [tail, setTail] = useTail(query, paused);
  const shown = callColumns.filter((column) => !column.hidden).map((column) => column.key);
  return (
    <section>
      <FieldRow fields={callFields} url={url} onChange={change}>
        <Space style={{ marginInlineStart: 'auto' }}>
          <span role="status">
            <Mark tone={TONES[tail.state]}>{say(texts[tail.state])}</Mark>
          </span>
          <Button icon={paused ? <PlayCircleOutlined aria-hidden /> : <PauseOutlined aria-hidden />} onClick={() => setPaused(!paused)}>
            {say(paused ? texts.go : texts.pause)}
          </Button>
          <Button onClick={() => setTail({ ...NOTHING, state: tail.state })}>{say(texts.clear)}</Button>
        </Space>
      </FieldRow>
      {tail.dropped > 0 ? <p className="weir-quiet">{say(texts.dropped, { count: formats.number(tail.dropped) })}</p> : null}
      <Table<CallRecord>
        size="middle"
        rowKey={({ id }) => id}
        columns={tableColumns(
          callColumns.map(({ sort: _sort, ...column }) => column),
          shown,
          undefined,
          say,
        )}
        dataSource={[...tail.calls]}
        pagination={false}
        scroll={{ x: 'max-content' }}
        locale={{ emptyText: <Empty description={say(texts.waiting)} image={Empty.PRESENTED_IMAGE_SIMPLE} /> }}
        footer={() => say(texts.kept, { count: formats.number(KEPT_MAX) })}
      />
    </section>
  );
}

/** Calls of the stream; the browser itself connects again after a loss and says which it had last. */
function useTail(query: string, paused: boolean) {
  const [tail, setTail] = useState<Tail>(NOTHING);
  useEffect(() => {
    if (paused) {
      setTail((now) => ({ ...now, state: 'paused' }));
      return;
    }
    setTail((now) => ({ ...now, state: 'connecting' }));
    const source = new EventSource(`/api/v1/calls/stream${query ? `?${query}` : ''}`);
    source.addEventListener('open', () => setTail((now) => ({ ...now, state: 'listening' })));
    source.addEventListener('error', () => setTail((now) => ({ ...now, state: 'lost' })));
    source.addEventListener('call', (event) => {
      const call = JSON.parse(event.data as string) as CallRecord;
      setTail((now) => ({ ...now, calls: [call, ...now.calls].slice(0, KEPT_MAX) }));
    });
    source.addEventListener('dropped', (event) => {
      const { count } = JSON.parse(event.data as string) as { count: number };
      setTail((now) => ({ ...now, dropped: now.dropped + count }));
    });
    return () => source.close();
  }, [query, paused]);
  return [tail, setTail] as const;
}
