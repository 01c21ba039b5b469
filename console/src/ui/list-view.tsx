/**
 * Every list of the console: pages, order, filters and columns come from the server and stand in the address, so a
 * view is a link; the columns shown are remembered per list; what is seen can be taken away as CSV.
 */
import { DownloadOutlined, ReloadOutlined, TableOutlined } from '@ant-design/icons';
import { keepPreviousData, usePrefetchQuery, useQuery } from '@tanstack/react-query';
import { Button, Checkbox, Empty, Input, Popover, Select, Space, Table, type TableColumnsType, Tooltip } from 'antd';
import { type ReactNode, startTransition, useEffect, useMemo, useState } from 'react';
import { useSay, type Text } from './language.tsx';
import { ProblemView } from './problem-view.tsx';
import { useScrollableTable } from './scrollable.ts';
import { type UrlValues, useUrlState } from './url-state.tsx';
import { Waiting } from './waiting.tsx';

const texts = {
  columns: { en: 'Columns', zh: '列' },
  refresh: { en: 'Refresh', zh: '刷新' },
  csv: { en: 'Download as CSV', zh: '下载 CSV' },
  next: { en: 'Next page', zh: '下一页' },
  previous: { en: 'Previous page', zh: '上一页' },
  first: { en: 'First page', zh: '第一页' },
  none: { en: 'Nothing here yet.', zh: '暂无内容。' },
  noneFiltered: { en: 'Nothing matches the filters.', zh: '没有符合筛选条件的内容。' },
  more: { en: 'More filters', zh: '更多筛选' },
  clear: { en: 'Clear filters', zh: '清除筛选' },
};

export interface ListColumn<Row> {
  readonly key: string;
  readonly title: Text;
  readonly render: (row: Row) => ReactNode;
  /** Field the server sorts by. */
  readonly sort?: string;
  /** Not shown until chosen. */
  readonly hidden?: boolean;
  readonly width?: number;
  readonly align?: 'right';
}

export interface ListField {
  /** Name in the address and in the query. */
  readonly name: string;
  readonly label: Text;
  /** A choice; without it a text field. */
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly width?: number;
  /** Folded under “More filters” while it is empty. */
  readonly more?: boolean;
}

interface Page<Row> {
  readonly items: readonly Row[];
  readonly next: string | null;
}

interface Props<Row> {
  /** Name under which chosen columns are remembered, and the query's key. */
  readonly id: string;
  readonly columns: readonly ListColumn<Row>[];
  readonly fields?: readonly ListField[];
  readonly rowKey: (row: Row) => string;
  /** Loads one page. `query` holds fields, `sort`, `limit` and the cursor under `cursor`'s name. */
  readonly load: (query: Record<string, string | number | undefined>) => Promise<Page<Row>>;
  /** Name of the paging parameter, `after` unless said otherwise. */
  readonly cursor?: string;
  /** Added to every query, such as the project. */
  readonly fixed?: UrlValues;
  /** Address of the same list as CSV. */
  readonly csv?: string;
  /** The API's query from what stands in the address, where the two differ. */
  readonly csvQuery?: (query: UrlValues) => UrlValues;
  /** How often to ask again, ms; while something moves. */
  readonly every?: number | ((rows: readonly Row[]) => number | false);
  readonly empty?: ReactNode;
  readonly label: string;
  readonly children?: ReactNode;
}

const PAGE_ROWS = 50;

/** Draws the list. */
export function ListView<Row extends object>(props: Props<Row>) {
  const { id, fields = [], load, cursor = 'after', fixed = {}, every, rowKey, label } = props;
  const say = useSay();
  const [url, setUrl] = useUrlState();
  const [shown, setShown] = useShownColumns(id, props.columns);
  const [before, setBefore] = useState<readonly string[]>([]);
  const chosen = Object.fromEntries(fields.map((field) => [field.name, url[field.name]]));
  const query = { ...chosen, ...fixed, sort: url['sort'], limit: PAGE_ROWS, [cursor]: url['after'] };
  const page = { queryKey: ['list', id, query], queryFn: () => load(query) };
  // Under way while the filters are drawn, not after them.
  usePrefetchQuery(page);
  const { data, error, isFetching, isPending, refetch } = useQuery({
    ...page,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (typeof every === 'function' ? every(state.data?.items ?? []) : (every ?? false)),
  });
  const rows = useFirstRows(data?.items);
  const list = useScrollableTable<HTMLElement>();
  const isFiltered = Object.values(chosen).some((value) => value !== undefined);
  const columns = useMemo(() => tableColumns(props.columns, shown, url['sort'], say), [props.columns, shown, url, say]);
  const go = (after: string | undefined, stack: readonly string[]) => {
    setBefore(stack);
    setUrl({ after });
  };
  const change = (changes: UrlValues) => {
    setBefore([]);
    setUrl({ ...changes, after: undefined });
  };
  return (
    <section aria-label={label} ref={list}>
      <FieldRow fields={fields} url={url} onChange={change}>
        {props.children}
        <Tools
          csv={props.csv && csvAddress(props.csv, (props.csvQuery ?? same)({ ...chosen, ...fixed, sort: url['sort'] }))}
          busy={isFetching}
          onRefresh={() => void refetch()}
        >
          <ColumnChoice columns={props.columns} shown={shown} onChange={setShown} />
        </Tools>
      </FieldRow>
      {error ? <ProblemView error={error} retry={() => void refetch()} style={{ marginBlockEnd: 12 }} /> : null}
      {isPending && !error ? (
        <Waiting />
      ) : (
        <Table<Row>
          size="middle"
          rowKey={rowKey}
          columns={columns}
          dataSource={rows}
          pagination={false}
          scroll={{ x: 'max-content' }}
          showSorterTooltip={false}
          onChange={(_pages, _filters, sorter) => {
            const { field, order } = Array.isArray(sorter) ? sorter[0]! : sorter;
            const name = props.columns.find((column) => column.key === field)?.sort;
            change({ sort: name && order ? (order === 'descend' ? `-${name}` : name) : undefined });
          }}
          locale={{
            emptyText: emptyText(props.empty, isFiltered, say, () => change(Object.fromEntries(fields.map((f) => [f.name, undefined])))),
          }}
        />
      )}
      <Pager {...{ before, after: url['after'], next: data?.next ?? undefined, go }} />
    </section>
  );
}

const ROW_PX = 40;

/** What fits the window is drawn first; the rows below it follow at once, when people see those already. */
function useFirstRows<Row>(rows: readonly Row[] = []): readonly Row[] {
  const [isDrawn, setIsDrawn] = useState(false);
  const hasRows = rows.length > 0;
  useEffect(() => {
    if (hasRows) startTransition(() => setIsDrawn(true));
  }, [hasRows]);
  return isDrawn ? rows : rows.slice(0, Math.ceil(innerHeight / ROW_PX));
}

function Tools(props: {
  readonly csv: string | undefined;
  readonly busy: boolean;
  readonly onRefresh: () => void;
  readonly children: ReactNode;
}) {
  const say = useSay();
  return (
    <Space style={{ marginInlineStart: 'auto' }}>
      {props.children}
      {props.csv ? (
        <Tooltip title={say(texts.csv)}>
          <Button icon={<DownloadOutlined aria-hidden />} aria-label={say(texts.csv)} href={props.csv} download />
        </Tooltip>
      ) : null}
      <Tooltip title={say(texts.refresh)}>
        <Button icon={<ReloadOutlined aria-hidden spin={props.busy} />} aria-label={say(texts.refresh)} onClick={props.onRefresh} />
      </Tooltip>
    </Space>
  );
}

function Pager(props: {
  readonly before: readonly string[];
  readonly after: string | undefined;
  readonly next: string | undefined;
  readonly go: (after: string | undefined, before: readonly string[]) => void;
}) {
  const say = useSay();
  const { before, after, next, go } = props;
  if (!after && !next) return null;
  return (
    <Space style={{ marginBlockStart: 12, display: 'flex', justifyContent: 'flex-end' }}>
      {after ? <Button onClick={() => go(undefined, [])}>{say(texts.first)}</Button> : null}
      <Button disabled={before.length === 0} onClick={() => go(before.at(-1) || undefined, before.slice(0, -1))}>
        {say(texts.previous)}
      </Button>
      <Button disabled={!next} onClick={() => go(next, [...before, after ?? ''])}>
        {say(texts.next)}
      </Button>
    </Space>
  );
}

/** antd's columns from ours: those shown, with the order in use. */
export function tableColumns<Row>(
  columns: readonly ListColumn<Row>[],
  shown: readonly string[],
  sort: string | undefined,
  say: (text: Text) => string,
) {
  return columns
    .filter((column) => shown.includes(column.key))
    .map((column) => ({
      key: column.key,
      dataIndex: column.key,
      title: say(column.title),
      render: (_: unknown, row: Row) => column.render(row),
      ...(column.width === undefined ? {} : { width: column.width }),
      ...(column.align === undefined ? {} : { align: column.align }),
      ...(column.sort === undefined
        ? {}
        : { sorter: true, sortOrder: sort === column.sort ? 'ascend' : sort === `-${column.sort}` ? 'descend' : null }),
    })) as TableColumnsType<Row>;
}

function emptyText(empty: ReactNode, isFiltered: boolean, say: (text: Text) => string, clear: () => void): ReactNode {
  if (!isFiltered) return empty ?? <Empty description={say(texts.none)} image={Empty.PRESENTED_IMAGE_SIMPLE} />;
  return (
    <Empty description={say(texts.noneFiltered)} image={Empty.PRESENTED_IMAGE_SIMPLE}>
      <Button onClick={clear}>{say(texts.clear)}</Button>
    </Empty>
  );
}

const same = (query: UrlValues): UrlValues => query;

function csvAddress(path: string, query: UrlValues): string {
  const kept = Object.entries(query).filter(([, value]) => value !== undefined) as [string, string][];
  return `${path}?${new URLSearchParams([...kept, ['format', 'csv']])}`;
}

/** The row of filters above a list; rarely used ones are folded until they are asked for or in use. */
export function FieldRow(props: {
  readonly fields: readonly ListField[];
  readonly url: UrlValues;
  readonly onChange: (changes: UrlValues) => void;
  readonly children?: ReactNode;
}) {
  const say = useSay();
  const { fields, url, onChange } = props;
  const [open, setOpen] = useState(false);
  const seen = fields.filter((field) => !field.more || open || url[field.name] !== undefined);
  return (
    <div style={{ display: 'flex', flexWrap: 'wrap', gap: 8, marginBlockEnd: 12 }} data-search>
      {seen.map((field) => (
        <Field key={field.name} field={field} value={url[field.name]} onChange={(value) => onChange({ [field.name]: value })} />
      ))}
      {seen.length < fields.length ? (
        <Button type="link" onClick={() => setOpen(true)}>
          {say(texts.more)}
        </Button>
      ) : null}
      {props.children}
    </div>
  );
}

function Field({
  field,
  value,
  onChange,
}: {
  readonly field: ListField;
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const say = useSay();
  const label = say(field.label);
  if (field.options) {
    return (
      <Select
        allowClear
        showSearch
        aria-label={label}
        placeholder={label}
        value={value ?? null}
        options={[...field.options]}
        style={{ minWidth: field.width ?? 160 }}
        onChange={(chosen: string | null | undefined) => onChange(chosen ?? undefined)}
      />
    );
  }
  return <TextField label={label} value={value ?? ''} width={field.width ?? 220} onChange={onChange} />;
}

/** Follows the address, and keeps the keys when what was typed becomes part of it. */
function TextField(props: {
  readonly label: string;
  readonly value: string;
  readonly width: number;
  readonly onChange: (value: string | undefined) => void;
}) {
  const { label, value, width, onChange } = props;
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <Input.Search
      allowClear
      aria-label={label}
      placeholder={label}
      value={typed}
      style={{ width }}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={(sought) => onChange(sought.trim() || undefined)}
    />
  );
}

function ColumnChoice<Row>(props: {
  readonly columns: readonly ListColumn<Row>[];
  readonly shown: readonly string[];
  readonly onChange: (keys: string[]) => void;
}) {
  const say = useSay();
  const options = props.columns.map((column) => ({ value: column.key, label: say(column.title) }));
  const choice = (
    <Checkbox.Group
      value={[...props.shown]}
      options={options}
      onChange={props.onChange}
      style={{ display: 'flex', flexDirection: 'column', gap: 4 }}
    />
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={choice}>
      <Tooltip title={say(texts.columns)}>
        <Button icon={<TableOutlined aria-hidden />} aria-label={say(texts.columns)} />
      </Tooltip>
    </Popover>
  );
}

function useShownColumns<Row>(id: string, columns: readonly ListColumn<Row>[]): readonly [readonly string[], (keys: string[]) => void] {
  const key = `weir.columns.${id}`;
  const [keys, setKeys] = useState<readonly string[]>(() => {
    const kept = localStorage.getItem(key)?.split(',');
    return kept ?? columns.filter((column) => !column.hidden).map((column) => column.key);
  });
  return [
    keys,
    (chosen) => {
      localStorage.setItem(key, chosen.join(','));
      setKeys(chosen);
    },
  ];
}
