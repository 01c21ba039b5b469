/** Where to begin: a way through the sample project, and the sample itself to load or remove. */
import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { App, Button } from 'antd';
import { useState } from 'react';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { type Text, useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';

const texts = {
  load: { en: 'Load the sample project', zh: '加载示例项目' },
  loadHint: {
    en: 'A small factory shop: three databases, pipelines, data APIs, two consumers. Removed with one click.',
    zh: '一个小型工厂商店：三个数据库、若干管道、数据 API 与两个消费者。一键即可移除。',
  },
  remove: { en: 'Remove the sample', zh: '移除示例' },
  removeTitle: { en: 'Remove the sample project?', zh: '移除示例项目？' },
  removeHint: {
    en: 'Its resources, keys and files go; everything you made yourself stays. It is not loaded again by itself.',
    zh: '示例的资源、密钥与文件将被删除；您自己创建的内容保留。此后不会自动再次加载。',
  },
  cancel: { en: 'Cancel', zh: '取消' },
  loading: { en: 'Loading …', zh: '正在加载……' },
  removing: { en: 'Removing …', zh: '正在移除……' },
};

const STEPS: readonly { readonly to: string; readonly text: Text }[] = [
  { to: '/connections', text: { en: 'Look into a database', zh: '查看一个数据库' } },
  { to: '/pipelines', text: { en: 'Run a pipeline and watch it', zh: '运行管道并观察' } },
  { to: '/data-apis', text: { en: 'Try a data API', zh: '试用一个数据 API' } },
  { to: '/calls', text: { en: 'Find your call and its whole story', zh: '找到您的调用及其完整过程' } },
  { to: '/resources', text: { en: 'Change something, then roll it back', zh: '修改某项配置，再将其回滚' } },
];
const SEEN = 'weir.start-here';

interface Props {
  readonly sample: 'absent' | 'loaded' | 'removed';
  readonly onChanged: () => void;
}

export function StartHere({ sample, onChanged }: Props) {
  const say = useSay();
  const { may } = useSession();
  const { modal } = App.useApp();
  const load = useMutation({ mutationFn: () => api.loadSample({}), onSuccess: onChanged });
  const remove = useMutation({ mutationFn: () => api.removeSample({}), onSuccess: onChanged });
  const ask = () =>
    modal.confirm({
      title: say(texts.removeTitle),
      content: say(texts.removeHint),
      okText: say(texts.remove),
      okButtonProps: { danger: true },
      cancelText: say(texts.cancel),
      onOk: () => remove.mutate(),
    });
  const failure = load.error ?? remove.error;
  const mayChange = may('system:write');
  return (
    <>
      {failure ? <ProblemView error={failure} style={{ marginBlockEnd: 12 }} /> : null}
      {sample === 'loaded' ? (
        <>
          <Steps />
          {mayChange ? (
            <Button danger onClick={ask} loading={remove.isPending} style={{ marginBlockStart: 12 }}>
              {say(remove.isPending ? texts.removing : texts.remove)}
            </Button>
          ) : null}
        </>
      ) : (
        <>
          <p className="weir-quiet">{say(texts.loadHint)}</p>
          {mayChange ? (
            <Button type="primary" onClick={() => load.mutate()} loading={load.isPending}>
              {say(load.isPending ? texts.loading : texts.load)}
            </Button>
          ) : null}
        </>
      )}
    </>
  );
}

function Steps() {
  const say = useSay();
  const [seen, setSeen] = useState<readonly string[]>(() => (localStorage.getItem(SEEN) ?? '').split(',').filter(Boolean));
  const mark = (to: string) => {
    const all = [...new Set([...seen, to])];
    localStorage.setItem(SEEN, all.join(','));
    setSeen(all);
  };
  return (
    <ol className="weir-plain">
      {STEPS.map(({ to, text }, i) => (
        <li key={to}>
          <span aria-hidden className="weir-step" data-done={seen.includes(to)}>
            {seen.includes(to) ? '✓' : i + 1}
          </span>
          <Link to={to} onClick={() => mark(to)}>
            {say(text)}
          </Link>
        </li>
      ))}
    </ol>
  );
}
