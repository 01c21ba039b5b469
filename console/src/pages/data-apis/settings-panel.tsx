/** What the API is besides its SQL: one record or many, pages, caps, who may call. */
import { Alert, Form, Input, InputNumber, Select, Switch } from 'antd';
import type { Change } from '../../forms/change.ts';
import { useSay } from '../../ui/language.tsx';
import { type ApiSpec, keyHeaderOf } from './api-spec.ts';

const texts = {
  key: { en: 'Callers need an API key', zh: '调用方需要 API 密钥' },
  open: { en: 'Without a key everybody who reaches the gateway can call it.', zh: '不要密钥时，任何能访问网关的人都可调用。' },
  single: { en: 'Answers one record', zh: '返回单条记录' },
  singleHint: { en: 'One object, or 404 when there is none.', zh: '返回一个对象，没有则 404。' },
  paged: { en: 'In pages', zh: '分页' },
  sort: { en: 'Sorted by', zh: '排序列' },
  sortHint: {
    en: 'Together unique, or pages would skip rows; - in front for descending.',
    zh: '合起来须唯一，否则翻页会漏行；前加 - 为降序。',
  },
  sizeDefault: { en: 'Rows per page', zh: '每页行数' },
  sizeMax: { en: 'At most', zh: '上限' },
  rows: { en: 'Most rows of an answer', zh: '最大行数' },
  bytes: { en: 'Most bytes', zh: '最大字节数' },
  timeout: { en: 'Longest time', zh: '最长时间' },
};

interface Props {
  readonly spec: ApiSpec;
  readonly columns: readonly string[];
  readonly readOnly: boolean;
  /** Mistakes by pointer below `spec`. */
  readonly mistakes: ReadonlyMap<string, string>;
  readonly change: (change: Change) => void;
}

/** Draws the settings. */
export function SettingsPanel({ spec, columns, readOnly, mistakes, change }: Props) {
  const say = useSay();
  const isOpen = keyHeaderOf(spec) === undefined;
  const setOrRemove = (pointer: string, there: boolean, value: unknown) => {
    if (value !== null && value !== undefined && value !== '') change({ pointer, value });
    else if (there) change({ pointer, remove: true });
  };
  const limit = (name: 'bytes' | 'timeout', placeholder: string) => (
    <Form.Item label={say(texts[name])} htmlFor={`api-${name}`}>
      <Input
        id={`api-${name}`}
        placeholder={placeholder}
        value={String(spec.limits?.[name] ?? '')}
        onChange={(event) => setOrRemove(`/spec/limits/${name}`, spec.limits?.[name] !== undefined, event.target.value.trim())}
      />
    </Form.Item>
  );
  return (
    <Form layout="vertical" size="small" disabled={readOnly} component="div">
      <Toggle
        id="api-key"
        label={say(texts.key)}
        checked={!isOpen}
        onChange={(on) =>
          on ? change({ pointer: '/spec/auth', value: [{ type: 'api-key' }] }) : change({ pointer: '/spec/auth', remove: true })
        }
      />
      {isOpen ? <Alert type="warning" showIcon title={say(texts.open)} style={{ marginBlockEnd: 12 }} /> : null}
      <Toggle
        id="api-single"
        label={say(texts.single)}
        hint={say(texts.singleHint)}
        checked={spec.single === true}
        onChange={(on) => setOrRemove('/spec/single', spec.single !== undefined, on || undefined)}
      />
      <Paging {...{ spec, columns, mistakes, change }} />
      <Form.Item label={say(texts.rows)} htmlFor="api-rows">
        <InputNumber
          id="api-rows"
          min={1}
          placeholder="10000"
          value={spec.limits?.rows ?? null}
          onChange={(value) => setOrRemove('/spec/limits/rows', spec.limits?.rows !== undefined, value)}
        />
      </Form.Item>
      {limit('bytes', '8MiB')}
      {limit('timeout', '10s')}
    </Form>
  );
}

function Paging({ spec, columns, mistakes, change }: Omit<Props, 'readOnly'>) {
  const say = useSay();
  const { page } = spec;
  const options = columns.flatMap((name) => [name, `-${name}`]).map((value) => ({ value, label: value }));
  const mistake = [...mistakes].find(([pointer]) => pointer.startsWith('/page'))?.[1];
  return (
    <>
      <Toggle
        id="api-paged"
        label={say(texts.paged)}
        checked={page !== undefined}
        onChange={(on) =>
          change(on ? { pointer: '/spec/page', value: { sort: columns.slice(0, 1) } } : { pointer: '/spec/page', remove: true })
        }
      />
      {page === undefined ? null : (
        <>
          <Form.Item
            label={say(texts.sort)}
            htmlFor="api-sort"
            extra={say(texts.sortHint)}
            help={mistake}
            {...(mistake ? { validateStatus: 'error' as const } : {})}
          >
            <Select
              id="api-sort"
              mode="tags"
              value={[...(page.sort ?? [])]}
              options={options}
              onChange={(sort: string[]) => change({ pointer: '/spec/page/sort', value: sort })}
            />
          </Form.Item>
          <div style={{ display: 'flex', gap: 12 }}>
            {(['sizeDefault', 'sizeMax'] as const).map((name) => (
              <Form.Item key={name} label={say(texts[name])} htmlFor={`api-${name}`}>
                <InputNumber
                  id={`api-${name}`}
                  min={1}
                  placeholder={name === 'sizeDefault' ? '50' : '1000'}
                  value={page[name] ?? null}
                  onChange={(value) => value !== null && change({ pointer: `/spec/page/${name}`, value })}
                />
              </Form.Item>
            ))}
          </div>
        </>
      )}
    </>
  );
}

function Toggle(props: {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly onChange: (on: boolean) => void;
}) {
  return (
    <Form.Item style={{ marginBlockEnd: 10 }} extra={props.hint}>
      <div style={{ display: 'flex', gap: 8, alignItems: 'center' }}>
        <Switch id={props.id} checked={props.checked} onChange={props.onChange} />
        <label htmlFor={props.id}>{props.label}</label>
      </div>
    </Form.Item>
  );
}
