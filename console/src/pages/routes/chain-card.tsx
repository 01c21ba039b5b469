/** One step of a chain as a card: what it does in lines, or its form in place; moved by buttons and by its handle. */
import { ArrowDownOutlined, ArrowUpOutlined, DeleteOutlined, HolderOutlined } from '@ant-design/icons';
import { Button, Space, Switch } from 'antd';
import { type DragEvent, useState } from 'react';
import type { DocumentUse } from '../../documents/use-document.ts';
import { Problems } from '../../forms/field.tsx';
import { linesOfStep } from '../../forms/lines.ts';
import { Lines } from '../../forms/lines-view.tsx';
import { problemsIn } from '../../forms/problems.ts';
import { type JsonSchema, below } from '../../forms/schema.ts';
import { SchemaForm } from '../../forms/schema-form.tsx';
import { useLanguage } from '../../ui/language.tsx';
import { type Place, pointerOf } from './chain-edit.ts';
import type { WrittenStep } from './spec.ts';

const texts = {
  change: { en: 'Change', zh: '更改' },
  changeOf: { en: 'Change {name}', zh: '更改{name}' },
  fold: { en: 'Fold', zh: '收起' },
  foldOf: { en: 'Fold {name}', zh: '收起{name}' },
  up: { en: 'Move {name} up', zh: '上移{name}' },
  down: { en: 'Move {name} down', zh: '下移{name}' },
  remove: { en: 'Remove {name}', zh: '移除{name}' },
  drag: { en: 'Drag to move', zh: '拖动以移动' },
  on: { en: '{name} is on', zh: '启用{name}' },
  settings: { en: 'Settings of {name}', zh: '{name}的设置' },
};

interface Props {
  readonly place: Place;
  readonly last: number;
  readonly step: WrittenStep;
  readonly title: string;
  /** Schema of its settings; undefined for a type this build does not know. */
  readonly schema: JsonSchema | undefined;
  readonly document: DocumentUse;
  readonly readOnly: boolean;
  readonly open: boolean;
  readonly onOpen: (open: boolean) => void;
  readonly onMove: (from: number, to: number) => void;
  readonly onRemove: () => void;
}

/** What a card that is dragged carries; a list takes only its own. */
const CARRIED = 'application/x-weir-step-';

export function ChainCard(props: Props) {
  const { place, step, title, schema, document, readOnly, open, onMove } = props;
  const { language } = useLanguage();
  const [over, setOver] = useState(false);
  const pointer = pointerOf(place.list, place.index);
  const problems = problemsIn(document.problems, pointer);
  const takes = (event: DragEvent) => event.dataTransfer.types.includes(CARRIED + place.list);
  const drop = (event: DragEvent) => {
    setOver(false);
    if (!takes(event)) return;
    event.preventDefault();
    onMove(Number(event.dataTransfer.getData(CARRIED + place.list)), place.index);
  };
  return (
    <li
      id={cardId(place)}
      data-over={over || undefined}
      onDragOver={(event) => {
        if (!takes(event) || readOnly) return;
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <div className="weir-chain-head">
        {readOnly ? null : <Handle place={place} />}
        <strong>{title}</strong> <code>{step.type}</code>
        {readOnly ? null : <Tools {...props} />}
      </div>
      {open && schema ? (
        <Settings {...props} schema={schema} />
      ) : (
        <>
          <Lines lines={linesOfStep(schema, step, language)} />
          <Problems own={problems} />
        </>
      )}
    </li>
  );
}

/** Id of a card, and of its parts. */
export function cardId({ list, index }: Place, part = ''): string {
  return `chain-${list}-${index}${part}`;
}

function Handle({ place }: { readonly place: Place }) {
  const { say } = useLanguage();
  return (
    <span
      draggable
      className="weir-chain-handle"
      title={say(texts.drag)}
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = 'move';
        event.dataTransfer.setData(CARRIED + place.list, String(place.index));
      }}
    >
      <HolderOutlined aria-hidden />
    </span>
  );
}

function Tools({ place, last, title, schema, step, document, open, onOpen, onMove, onRemove }: Props) {
  const { say } = useLanguage();
  const { index } = place;
  const tool = (part: string, label: string, icon: React.ReactNode, disabled: boolean, onClick: () => void) => (
    <Button
      type="text"
      size="small"
      id={cardId(place, part)}
      icon={icon}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={onClick}
    />
  );
  return (
    <Space size={0} style={{ marginInlineStart: 'auto' }}>
      {schema?.properties?.['enabled']?.type === 'boolean' ? (
        <Switch
          size="small"
          aria-label={say(texts.on, { name: title })}
          checked={(step['enabled'] ?? schema.properties['enabled'].default ?? true) === true}
          onChange={(value) => document.change({ pointer: below(pointerOf(place.list, index), 'enabled'), value })}
        />
      ) : null}
      {schema ? (
        <Button
          size="small"
          id={cardId(place, '-open')}
          aria-expanded={open}
          aria-label={say(open ? texts.foldOf : texts.changeOf, { name: title })}
          onClick={() => onOpen(!open)}
        >
          {say(open ? texts.fold : texts.change)}
        </Button>
      ) : null}
      {tool('-up', say(texts.up, { name: title }), <ArrowUpOutlined aria-hidden />, index === 0, () => onMove(index, index - 1))}
      {tool('-down', say(texts.down, { name: title }), <ArrowDownOutlined aria-hidden />, index === last, () => onMove(index, index + 1))}
      {tool('-remove', say(texts.remove, { name: title }), <DeleteOutlined aria-hidden />, false, onRemove)}
    </Space>
  );
}

function Settings({ place, step, title, schema, document }: Props & { readonly schema: JsonSchema }) {
  const { say } = useLanguage();
  const pointer = pointerOf(place.list, place.index);
  return (
    <div style={{ marginBlockStart: 12 }}>
      <SchemaForm
        schema={schema}
        value={step}
        at={pointer}
        problems={document.problems}
        project={document.project}
        label={say(texts.settings, { name: title })}
        onHold={document.hold}
        onChange={(_, change) => document.change(change)}
      />
    </div>
  );
}
