/** The command palette: go to a page, open a resource, by a few letters of its name. */
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Empty, Input, Modal } from 'antd';
import { useMemo, useState } from 'react';
import { api } from '../api/client.ts';
import type { Page } from '../pages/page.ts';
import { useFirstFocus } from './first-focus.ts';
import { useKindTitle } from '../documents/kinds.ts';
import { useSay } from './language.tsx';

const texts = {
  title: { en: 'Go to', zh: '前往' },
  placeholder: { en: 'Page or resource …', zh: '页面或资源……' },
  page: { en: 'Page', zh: '页面' },
  nothing: { en: 'Nothing is called so.', zh: '没有匹配项。' },
};

interface Entry {
  readonly id: string;
  readonly label: string;
  readonly kind: string;
  readonly to: string;
  readonly words: string;
}

const SHOWN_MAX = 12;

interface Props {
  readonly pages: readonly Page[];
  readonly onClose: () => void;
}

export default function Palette({ pages, onClose }: Props) {
  const say = useSay();
  return (
    <Modal open title={say(texts.title)} footer={null} onCancel={onClose} destroyOnHidden>
      <Search pages={pages} onClose={onClose} />
    </Modal>
  );
}

function Search({ pages, onClose }: Props) {
  const say = useSay();
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState(0);
  const field = useFirstFocus();
  const entries = useEntries(pages);
  const wanted = typed.trim().toLowerCase().split(/\s+/);
  const shown = entries.filter((entry) => wanted.every((word) => entry.words.includes(word))).slice(0, SHOWN_MAX);
  const go = (entry: Entry | undefined) => {
    if (!entry) return;
    onClose();
    void navigate({ to: entry.to });
  };
  return (
    <>
      <Input
        ref={field}
        role="combobox"
        aria-expanded
        aria-controls="palette-list"
        aria-activedescendant={shown[chosen] ? `palette-${chosen}` : undefined}
        aria-label={say(texts.title)}
        placeholder={say(texts.placeholder)}
        value={typed}
        onChange={(event) => {
          setTyped(event.target.value);
          setChosen(0);
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setChosen((now) => Math.min(shown.length - 1, now + 1));
          else if (event.key === 'ArrowUp') setChosen((now) => Math.max(0, now - 1));
          else if (event.key === 'Enter') go(shown[chosen]);
          else return;
          event.preventDefault();
        }}
      />
      <Found entries={shown} chosen={chosen} onGo={go} />
    </>
  );
}

/** Pages, then resources once they are there. */
function useEntries(pages: readonly Page[]): readonly Entry[] {
  const say = useSay();
  const kindTitle = useKindTitle();
  const { data: resources } = useQuery({ queryKey: ['palette'], queryFn: loadResources });
  return useMemo<Entry[]>(
    () => [
      ...pages
        .filter((page) => page.nav)
        .map((page) => ({
          id: page.path,
          label: say(page.title),
          kind: say(texts.page),
          to: page.path,
          words: [page.title.en, page.title.zh, page.words?.en, page.words?.zh].join(' ').toLowerCase(),
        })),
      ...(resources ?? []).map(({ project, kind, name }) => ({
        id: `${project}/${kind}/${name}`,
        label: name,
        kind: `${kindTitle(kind)} · ${project}`,
        to: `/resources/${project}/${kind}/${name}`,
        words: `${name} ${kind} ${kindTitle(kind)} ${project}`.toLowerCase(),
      })),
    ],
    [pages, resources, say, kindTitle],
  );
}

function Found(props: { readonly entries: readonly Entry[]; readonly chosen: number; readonly onGo: (entry: Entry) => void }) {
  const say = useSay();
  return (
    <div id="palette-list" role="listbox" aria-label={say(texts.title)} className="weir-found">
      {props.entries.map((entry, i) => (
        <div
          key={entry.id}
          id={`palette-${i}`}
          role="option"
          tabIndex={-1}
          aria-selected={i === props.chosen}
          onClick={() => props.onGo(entry)}
          onKeyDown={(event) => event.key === 'Enter' && props.onGo(entry)}
        >
          <span>{entry.label}</span>
          <small className="weir-quiet">{entry.kind}</small>
        </div>
      ))}
      {props.entries.length === 0 ? <Empty description={say(texts.nothing)} image={Empty.PRESENTED_IMAGE_SIMPLE} /> : null}
    </div>
  );
}

const RESOURCES_MAX = 500;

async function loadResources() {
  return (await api.listResources({ query: { limit: RESOURCES_MAX } })).data.items;
}
