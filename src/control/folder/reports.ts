/** What is wrong with the watched folder, as incidents people can see: opened when it starts, closed when it is over. */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import { type ProblemPointer, wordsOf } from '../../base/problem.ts';
import { joined, type Text, tell, verbatim } from '../../base/text.ts';
import type { Store } from '../../store/types.ts';
import type { ApplyResult } from '../resources/types.ts';
import type { TooMuch } from './judge.ts';
import type { FolderContents } from './read-folder.ts';

export interface Reports {
  unreadable(error: unknown): Promise<undefined>;
  readable(): Promise<void>;
  held(hash: string, tooMuch: TooMuch): Promise<void>;
  applied(contents: FolderContents, result: ApplyResult): Promise<void>;
}

const FILES_REPORTED_MAX = 50;
const MISTAKES_SHOWN = 5;

/** Makes the reports of one folder. */
export function createReports({
  folder,
  store,
  clock,
  newId,
}: {
  folder: string;
  store: Pick<Store, 'incidents'>;
  clock: Clock;
  newId: NewId;
}): Reports {
  const { incidents } = store;
  const openOne = async (kind: string, subject: string, detail: Text, data: Record<string, unknown> = {}): Promise<void> => {
    await incidents.open({ id: newId(), kind, subject, detail, data, openedAt: clock.now() });
  };
  let isUnreadable: boolean | undefined;
  return {
    async unreadable(error) {
      const { code } = error as NodeJS.ErrnoException;
      const reason = code === 'ENOENT' ? MISSING : code ? verbatim(code) : wordsOf(error);
      if (isUnreadable !== true) await openOne('folder-unreadable', folder, tell(UNREADABLE, { reason }));
      isUnreadable = true;
      return undefined;
    },
    async readable() {
      if (isUnreadable !== false) await incidents.close('folder-unreadable', folder, clock.now());
      isUnreadable = false;
    },
    held: (hash, { deletions, owned }) =>
      openOne('folder-held', folder, tell(HELD, { count: deletions.length, owned }), {
        hash,
        deletions: deletions.slice(0, 1_000),
        count: deletions.length,
      }),
    async applied(contents, result) {
      await incidents.close('folder-held', folder, clock.now());
      const wrong = mistakesByFile(contents, result);
      for (const open of await incidents.list({ open: true, limit: 1_000 })) {
        if (open.kind === 'folder-file' && !wrong.has(open.subject)) await incidents.close(open.kind, open.subject, clock.now());
      }
      for (const [file, mistakes] of [...wrong].slice(0, FILES_REPORTED_MAX)) {
        const shown = mistakes.slice(0, MISTAKES_SHOWN).map(({ line, pointer, detail }) => {
          const place = pointer === '' ? '' : `${pointer} `;
          return tell(line === undefined ? WITHOUT_LINE : WITH_LINE, { line, place, detail });
        });
        const list = joined(shown, { en: '; ', zh: '；' });
        await openOne('folder-file', file, tell(WRONG_FILE, { file, list }), { errors: mistakes.slice(0, 100) });
      }
    },
  };
}

const MISSING: Text = { en: 'it does not exist', zh: '它不存在' };
const UNREADABLE: Text = {
  en: 'The watched folder cannot be read: {reason}. Nothing was changed; what it held before goes on serving.',
  zh: '无法读取监视文件夹：{reason}。未做任何更改，之前的内容继续生效。',
};
const HELD: Text = {
  en:
    'The watched folder now lacks {count} of the {owned} resources it owns. ' +
    'Nothing was changed: confirm the deletion, or put the files back.',
  zh: '监视文件夹缺少其管理的 {owned} 个资源中的 {count} 个。未做任何更改：请确认删除，或恢复文件。',
};
const WITH_LINE: Text = { en: 'line {line} {place}{detail}', zh: '第 {line} 行 {place}{detail}' };
const WITHOUT_LINE: Text = { en: '{place}{detail}', zh: '{place}{detail}' };
const WRONG_FILE: Text = {
  en: '{file}: {list}. The last good version goes on serving.',
  zh: '{file}：{list}。上一个正确版本继续生效。',
};

function mistakesByFile(contents: FolderContents, { results }: ApplyResult): Map<string, ProblemPointer[]> {
  const wrong = new Map<string, ProblemPointer[]>();
  const add = (file: string, mistakes: readonly ProblemPointer[]): void => void wrong.set(file, [...(wrong.get(file) ?? []), ...mistakes]);
  for (const { name, reason } of contents.unreadable) add(name, [{ pointer: '', detail: reason }]);
  for (const { file, problems } of results) if (problems.length > 0) add(file ?? 'deletions', problems);
  return wrong;
}
