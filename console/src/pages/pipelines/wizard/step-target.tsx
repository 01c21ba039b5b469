/** Step 3: where rows go. */
import { Form, Input } from 'antd';
import { useSay } from '../../../ui/language.tsx';
import { ConnectionChoice } from './connection-choice.tsx';
import { chosenName } from './draft.ts';
import type { Wizard } from './use-wizard.ts';

const texts = {
  label: { en: 'Connection to write to', zh: '写入数据的连接' },
  schema: { en: 'Schema of the target tables', zh: '目标表所在 schema' },
  schemaHint: { en: 'Made when missing; the connection’s own when empty.', zh: '不存在则创建；留空用连接的默认 schema。' },
  prefix: { en: 'Prefix of their names', zh: '表名前缀' },
};

export function TargetStep({ wizard: { draft, change } }: { readonly wizard: Wizard }) {
  const say = useSay();
  return (
    <>
      <ConnectionChoice
        role="sink"
        label={say(texts.label)}
        project={draft.project}
        value={draft.sink}
        onChange={({ name }) => change({ sink: name, name: chosenName(draft) })}
      />
      <Form layout="vertical" style={{ maxWidth: 420, marginBlockStart: 16 }}>
        <Form.Item label={say(texts.schema)} htmlFor="wizard-schema" extra={say(texts.schemaHint)}>
          <Input
            id="wizard-schema"
            maxLength={128}
            value={draft.schema}
            onChange={(event) => change({ schema: event.target.value.trim() })}
          />
        </Form.Item>
        <Form.Item label={say(texts.prefix)} htmlFor="wizard-prefix">
          <Input
            id="wizard-prefix"
            maxLength={60}
            value={draft.prefix}
            onChange={(event) => change({ prefix: event.target.value.trim() })}
          />
        </Form.Item>
      </Form>
    </>
  );
}
