/**
 * A route's chain as ordered cards, changed in place: requests go down it, answers come back up. All changes are one draft of
 * the route's document, shown as a difference before they are saved.
 */
import { SaveOutlined } from '@ant-design/icons';
import { Button, Space } from 'antd';
import { useEffect, useState } from 'react';
import type { Resource } from '../../../../generated/client.ts';
import { useSession } from '../../api/session.tsx';
import { useComponents } from '../../data/components.ts';
import { ConflictView } from '../../documents/conflict-view.tsx';
import { useDiscard } from '../../documents/discard.ts';
import { DraftBanner } from '../../documents/draft-banner.tsx';
import { LeaveGuard } from '../../documents/leave-guard.tsx';
import { SaveReview } from '../../documents/save-review.tsx';
import { type DocumentUse, useDocument } from '../../documents/use-document.ts';
import type { JsonSchema } from '../../forms/schema.ts';
import { useSay } from '../../ui/language.tsx';
import { ProblemView } from '../../ui/problem-view.tsx';
import { cardId, ChainCard } from './chain-card.tsx';
import { added, choicesOf, type ListName, moved, type Place, placeAfter, removed, stepsOf } from './chain-edit.ts';
import { ChainGallery } from './chain-gallery.tsx';
import type { RouteSpec } from './spec.ts';
import '../../forms/forms.css';

const texts = {
  request: { en: 'Requests go down', zh: '请求自上而下' },
  response: { en: 'answers come back up', zh: '应答自下而上' },
  open: { en: 'Open: anybody may call', zh: '开放：任何人可调用' },
  openHint: { en: 'No auth method stands on this route.', zh: '该路由未配置认证方式。' },
  upstream: { en: 'Upstream: {name}', zh: '上游：{name}' },
  plan: { en: 'Plan of the consumer', zh: '消费者的套餐' },
  planHint: { en: 'its limits come first, whichever the route', zh: '其限制先于路由生效' },
  save: { en: 'Review and save', zh: '检查并保存' },
  discard: { en: 'Discard the changes', zh: '放弃更改' },
  changed: { en: 'Not saved yet', zh: '尚未保存' },
};

interface Props {
  readonly route: Resource;
  readonly schema: JsonSchema;
  /** True while something is not saved: the route must stay the one it was when that began. */
  readonly onDirty: (dirty: boolean) => void;
  /** Begins anew from what is stored. */
  readonly onDiscard: () => void;
}

/** Draws the chain. Give it a `key` of the route's version: it keeps what it began with. */
export function Chain({ route, schema, onDirty, onDiscard }: Props) {
  const say = useSay();
  const { may } = useSession();
  const document = useDocument({ kind: 'Route', project: route.project, resource: route, text: route.text, schema });
  const [window, setWindow] = useState<'review' | 'conflict'>();
  const readOnly = route.manager === 'folder' || !may('resources:write');
  const { dirty } = document;
  useEffect(() => onDirty(dirty), [dirty, onDirty]);
  const close = () => setWindow(undefined);
  const discard = useDiscard(() => {
    document.discard();
    onDiscard();
  });
  // Until the document is read once, the route as it came is shown.
  const value = document.value ?? { spec: route.spec };
  const spec = (value as { spec?: RouteSpec }).spec ?? (route.spec as unknown as RouteSpec);
  return (
    <>
      <LeaveGuard dirty={dirty && !readOnly} />
      {readOnly ? null : <DraftBanner document={document} />}
      <p className="weir-quiet" style={{ marginBlockStart: 0 }}>
        ↓ {say(texts.request)}, ↑ {say(texts.response)}
      </p>
      <Cards document={document} value={value} schema={schema} upstream={spec.upstream} readOnly={readOnly} />
      {document.failure ? <ProblemView error={document.failure} retry={() => void document.settle()} /> : null}
      {dirty && !readOnly ? (
        <Space style={{ marginBlockStart: 12 }} wrap>
          <Button type="primary" icon={<SaveOutlined aria-hidden />} onClick={() => setWindow('review')}>
            {say(texts.save)}
          </Button>
          <Button onClick={discard}>{say(texts.discard)}</Button>
          <span className="weir-quiet" role="status">
            {say(texts.changed)}
          </span>
        </Space>
      ) : null}
      {window === 'review' ? (
        <SaveReview document={document} onClose={close} onSaved={close} onConflict={() => setWindow('conflict')} />
      ) : null}
      {window === 'conflict' ? <ConflictView document={document} onClose={close} onMerged={close} /> : null}
    </>
  );
}

interface CardsProps {
  readonly document: DocumentUse;
  readonly value: unknown;
  readonly schema: JsonSchema;
  readonly upstream: string;
  readonly readOnly: boolean;
}

function Cards(props: CardsProps) {
  const say = useSay();
  const [open, setOpen] = useState<Place>();
  const auth = stepsOf(props.value, 'auth');
  const shared = { ...props, open, setOpen };
  return (
    <ol className="weir-chain">
      <Steps list="auth" {...shared} />
      {auth.length > 0 ? (
        <Note title={say(texts.plan)} hint={say(texts.planHint)} />
      ) : (
        <Note title={say(texts.open)} hint={say(texts.openHint)} />
      )}
      <Steps list="policies" {...shared} />
      <Note title={say(texts.upstream, { name: props.upstream })} />
    </ol>
  );
}

interface StepsProps extends CardsProps {
  readonly list: ListName;
  readonly open: Place | undefined;
  readonly setOpen: (open: Place | undefined) => void;
}

/** The cards of one list, and how to add another. */
function Steps({ list, document, value, schema, readOnly, open, setOpen }: StepsProps) {
  const say = useSay();
  const { data = [] } = useComponents();
  const about = (type: string) => data.find(({ id, kind }) => id === type && kind === (list === 'auth' ? 'auth' : 'policy'));
  const steps = stepsOf(value, list);
  const choices = choicesOf(schema, list);
  const isOpen = (index: number) => open?.list === list && open.index === index;
  const move = (from: number, to: number) => {
    const change = moved(steps, list, from, to);
    if (!change) return;
    document.change(change);
    if (open?.list === list) setOpen({ list, index: placeAfter(open.index, from, to) });
    focusSoon(cardId({ list, index: to }, to < from ? '-up' : '-down'), cardId({ list, index: to }, '-open'));
  };
  const remove = (index: number) => {
    document.change(removed(steps, list, index));
    setOpen(undefined);
    focusSoon(cardId({ list, index: Math.min(index, steps.length - 2) }, '-open'), `chain-${list}-add`);
  };
  const add = (variant: JsonSchema) => {
    document.change(added(steps, list, variant));
    setOpen({ list, index: steps.length });
    focusSoon(cardId({ list, index: steps.length }, '-open'));
  };
  return (
    <>
      {steps.map((step, index) => (
        <ChainCard
          // Steps have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          key={`${index} ${step.type}`}
          place={{ list, index }}
          last={steps.length - 1}
          {...{ step, document, readOnly }}
          title={about(step.type) ? say(about(step.type)!.title) : step.type}
          schema={choices.get(step.type)}
          open={isOpen(index)}
          onOpen={(wanted) => setOpen(wanted ? { list, index } : undefined)}
          onMove={move}
          onRemove={() => remove(index)}
        />
      ))}
      {readOnly ? null : <ChainGallery {...{ list, choices, about }} onAdd={add} />}
    </>
  );
}

/**
 * Keys go on at what a press made or moved, once that is drawn; at the other where the first takes none. Never at what
 * removes, since a second Enter may be under way, and not away from another card that was gone to meanwhile.
 */
function focusSoon(...ids: readonly string[]): void {
  const before = document.activeElement;
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      const now = document.activeElement;
      if (now !== before && now?.closest('.weir-chain li[id]')) return;
      const found = ids.map((id) => document.getElementById(id)).find((one) => one && !(one as HTMLButtonElement).disabled);
      found?.focus();
    }),
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
