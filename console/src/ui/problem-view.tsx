/** A problem as people need it: what happened, where, what to do next, and the request id to copy. */
import { Alert, Button, Typography } from 'antd';
import type { CSSProperties } from 'react';
import type { Problem } from '../../../generated/client.ts';
import { ProblemAnswer } from '../api/client.ts';
import { useSay } from './language.tsx';

const texts = {
  request: { en: 'Request', zh: '请求编号' },
  again: { en: 'Try again', zh: '重试' },
  meaning: { en: 'What this means', zh: '问题说明' },
  line: { en: 'line {line}', zh: '第 {line} 行' },
  unreachable: { en: 'Weir cannot be reached', zh: '无法连接 Weir' },
  unreachableHint: {
    en: 'The control process does not answer. What you typed stays here; try again in a moment.',
    zh: '控制进程没有响应。已输入的内容仍在此处，请稍后重试。',
  },
  slow: { en: 'No answer in time', zh: '未及时响应' },
  broken: { en: 'The console made a mistake', zh: '控制台出现错误' },
};

interface Props {
  readonly error: unknown;
  readonly retry?: () => void;
  readonly style?: CSSProperties;
}

/** Shows any error: an RFC 9457 answer in full, a lost connection as such. */
export function ProblemView({ error, retry, style }: Props) {
  const say = useSay();
  const action = retry ? (
    <Button size="small" onClick={retry}>
      {say(texts.again)}
    </Button>
  ) : undefined;
  if (error instanceof ProblemAnswer) {
    return (
      <Alert
        type="error"
        showIcon
        role="alert"
        title={error.problem.title}
        description={<Details problem={error.problem} />}
        {...(action ? { action } : {})}
        {...(style ? { style } : {})}
      />
    );
  }
  const { title, detail } = plain(error);
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={say(title)}
      description={detail ? say(detail) : messageOf(error)}
      action={action}
      style={style}
    />
  );
}

function plain(error: unknown) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') return { title: texts.slow, detail: texts.unreachableHint };
  if (error instanceof TypeError && /fetch|network|load failed/i.test(error.message)) {
    return { title: texts.unreachable, detail: texts.unreachableHint };
  }
  return { title: texts.broken, detail: undefined };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function Details({ problem }: { readonly problem: Problem }) {
  const say = useSay();
  const { detail, errors = [], requestId, type } = problem;
  const page = type.startsWith('urn:weir:problem:') ? `/problems/${type.slice('urn:weir:problem:'.length)}` : undefined;
  return (
    <div>
      {detail && detail !== problem.title ? <div>{detail}</div> : null}
      {errors.length > 0 ? (
        <ul style={{ margin: '8px 0', paddingInlineStart: 20 }}>
          {errors.map((one) => (
            <li key={`${one.pointer}${one.detail}`}>
              {one.pointer ? <Typography.Text code>{one.pointer}</Typography.Text> : null}{' '}
              {one.line === undefined ? null : <span>{say(texts.line, { line: one.line })}: </span>}
              {one.detail}
            </li>
          ))}
        </ul>
      ) : null}
      <div style={{ display: 'flex', gap: 16, flexWrap: 'wrap', marginBlockStart: 6, fontSize: 12 }}>
        {page ? (
          <a href={page} target="_blank" rel="noreferrer">
            {say(texts.meaning)}
          </a>
        ) : null}
        {requestId ? (
          <span>
            {say(texts.request)}{' '}
            <Typography.Text copyable code style={{ whiteSpace: 'nowrap' }}>
              {requestId}
            </Typography.Text>
          </span>
        ) : null}
      </div>
    </div>
  );
}
