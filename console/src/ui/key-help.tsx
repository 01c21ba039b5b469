/** The list of keys that `?` shows. */
import { Modal } from 'antd';
import type { Page } from '../pages/page.ts';
import { keyWords } from './key-words.ts';
import { useSay } from './language.tsx';

const texts = {
  title: { en: 'Keys', zh: '快捷键' },
  palette: { en: 'Command palette', zh: '命令面板' },
  search: { en: 'Search on this page', zh: '在本页搜索' },
  keys: { en: 'This list', zh: '显示此列表' },
  save: { en: 'Save', zh: '保存' },
  run: { en: 'Run', zh: '运行' },
  close: { en: 'Close', zh: '关闭' },
};

export default function KeyHelp({ pages, onClose }: { readonly pages: readonly Page[]; readonly onClose: () => void }) {
  const say = useSay();
  const rows: [string, string][] = [
    [keyWords('mod K'), say(texts.palette)],
    ['/', say(texts.search)],
    ['?', say(texts.keys)],
    [keyWords('mod S'), say(texts.save)],
    [keyWords('mod Enter'), say(texts.run)],
    ['Esc', say(texts.close)],
    ...pages.flatMap((page): [string, string][] => (page.nav?.key ? [[`g ${page.nav.key}`, say(page.title)]] : [])),
  ];
  return (
    <Modal open title={say(texts.title)} footer={null} onCancel={onClose}>
      <table style={{ width: '100%' }}>
        <tbody>
          {rows.map(([keys, label]) => (
            <tr key={keys}>
              <td style={{ width: 200, padding: '3px 0' }}>
                <kbd>{keys}</kbd>
              </td>
              <td>{label}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}
