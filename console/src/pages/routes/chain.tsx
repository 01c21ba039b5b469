/** A route's chain as ordered cards: requests go down it, answers come back up. */
import { useQuery } from '@tanstack/react-query';
import { api } from '../../api/client.ts';
import { useKind } from '../../documents/kinds.ts';
import { type Line, linesOfStep } from '../../forms/lines.ts';
import { Lines } from '../../forms/lines-view.tsx';
import { type Text, useLanguage, useSay } from '../../ui/language.tsx';
import type { RouteSpec, WrittenStep } from './spec.ts';

const texts = {
  request: { en: 'Requests go down', zh: '请求自上而下' },
  response: { en: 'answers come back up', zh: '应答自下而上' },
  open: { en: 'Open: anybody may call', zh: '开放：任何人可调用' },
  openHint: { en: 'No auth method stands on this route.', zh: '该路由未配置认证方式。' },
  upstream: { en: 'Upstream: {name}', zh: '上游：{name}' },
  plan: { en: 'Plan of the consumer', zh: '消费者的套餐' },
  planHint: { en: 'its limits come first, whichever the route', zh: '其限制先于路由生效' },
};

export function Chain({ spec }: { readonly spec: RouteSpec }) {
  const { say, language } = useLanguage();
  const { data: kind } = useKind('Route');
  const { data = [] } = useQuery({ queryKey: ['components'], queryFn: async () => (await api.listComponents({})).data.items });
  const about = (step: WrittenStep): Text | undefined => data.find(({ id, kind }) => id === step.type && kind !== 'resource')?.title;
  const linesIn = (list: 'auth' | 'policies', step: WrittenStep) =>
    kind ? linesOfStep(kind.schema.properties?.[list]?.items, step, language) : [];
  const auth = spec.auth ?? [];
  return (
    <>
      <p className="weir-quiet" style={{ marginBlockStart: 0 }}>
        ↓ {say(texts.request)}, ↑ {say(texts.response)}
      </p>
      <ol className="weir-chain">
        {auth.length > 0 ? (
          auth.map((step, i) => <Step key={`a${i}`} step={step} title={about(step)} lines={linesIn('auth', step)} />)
        ) : (
          <Note title={say(texts.open)} hint={say(texts.openHint)} />
        )}
        {auth.length > 0 ? <Note title={say(texts.plan)} hint={say(texts.planHint)} /> : null}
        {(spec.policies ?? []).map((step, i) => (
          <Step key={`p${i}`} step={step} title={about(step)} lines={linesIn('policies', step)} />
        ))}
        <Note title={say(texts.upstream, { name: spec.upstream })} />
      </ol>
    </>
  );
}

function Step(props: { readonly step: WrittenStep; readonly title: Text | undefined; readonly lines: readonly Line[] }) {
  const say = useSay();
  const { step, title, lines } = props;
  return (
    <li>
      <strong>{title ? say(title) : step.type}</strong> <code>{step.type}</code>
      <Lines lines={lines} />
    </li>
  );
}

function Note({ title, hint }: { readonly title: string; readonly hint?: string }) {
  return (
    <li data-note>
      <strong>{title}</strong>
      {hint ? <div className="weir-quiet">{hint}</div> : null}
    </li>
  );
}
