/** Says that a draft was found, and offers it. */
import { Alert, Button, Space } from 'antd';
import { useLanguage } from '../ui/language.tsx';
import { useDiscard } from './discard.ts';
import type { DocumentUse } from './use-document.ts';

const texts = {
  found: { en: 'A draft from {time} was not saved', zh: '有一份 {time} 的草稿尚未保存' },
  hint: {
    en: 'It is kept in this browser only. Secret values are never part of a draft: write them again.',
    zh: '草稿仅保存在此浏览器中，且不含机密值，请重新填写机密。',
  },
  changed: {
    en: 'The stored version has changed since; differences are shown when you save.',
    zh: '此后已保存的版本有变化，保存时会显示差异。',
  },
  restore: { en: 'Restore', zh: '恢复' },
  discard: { en: 'Discard', zh: '丢弃' },
};

export function DraftBanner({ document }: { readonly document: DocumentUse }) {
  const { say, locale } = useLanguage();
  const { draft, version } = document;
  const discard = useDiscard(document.discard);
  if (!draft) return null;
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(draft.at);
  return (
    <Alert
      type="info"
      showIcon
      title={say(texts.found, { time })}
      description={draft.version === version ? say(texts.hint) : `${say(texts.hint)} ${say(texts.changed)}`}
      action={
        <Space>
          <Button size="small" onClick={document.restore}>
            {say(texts.restore)}
          </Button>
          <Button size="small" type="text" onClick={discard}>
            {say(texts.discard)}
          </Button>
        </Space>
      }
    />
  );
}
