/** The gallery of what can be added to a chain, each with what it does. */
import { PlusOutlined } from '@ant-design/icons';
import { Button, Modal } from 'antd';
import { useState } from 'react';
import { helpOf, type JsonSchema } from '../../forms/schema.ts';
import { type Text, useLanguage } from '../../ui/language.tsx';
import type { ListName } from './chain-edit.ts';

const texts: Readonly<Record<`${ListName}` | `${ListName}Title` | 'cancel', Text>> = {
  auth: { en: 'Add an auth method', zh: '添加认证方式' },
  authTitle: { en: 'How callers are recognised', zh: '如何识别调用方' },
  policies: { en: 'Add a policy', zh: '添加策略' },
  policiesTitle: { en: 'What happens on the way', zh: '途中如何处理' },
  cancel: { en: 'Cancel', zh: '取消' },
};

interface Props {
  readonly list: ListName;
  readonly choices: ReadonlyMap<string, JsonSchema>;
  readonly about: (type: string) => { readonly title: Text; readonly summary: Text } | undefined;
  readonly onAdd: (variant: JsonSchema) => void;
}

export function ChainGallery({ list, choices, about, onAdd }: Props) {
  const { say, language } = useLanguage();
  const [open, setOpen] = useState(false);
  const add = (variant: JsonSchema) => {
    setOpen(false);
    onAdd(variant);
  };
  return (
    <li data-add>
      <Button id={`chain-${list}-add`} size="small" icon={<PlusOutlined aria-hidden />} onClick={() => setOpen(true)}>
        {say(texts[list])}
      </Button>
      <Modal
        open={open}
        width={720}
        title={say(texts[`${list}Title`])}
        mask={{ closable: false }}
        footer={null}
        onCancel={() => setOpen(false)}
      >
        <div className="weir-cards">
          {[...choices].map(([type, variant]) => (
            <button key={type} type="button" className="weir-card" onClick={() => add(variant)}>
              <span>
                <strong>{about(type) ? say(about(type)!.title) : type}</strong>
                <code className="weir-quiet">{type}</code>
                <span className="weir-quiet">{about(type) ? say(about(type)!.summary) : helpOf(variant, language)}</span>
              </span>
            </button>
          ))}
        </div>
      </Modal>
    </li>
  );
}
