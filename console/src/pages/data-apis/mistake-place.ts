/** Where in the builder a mistake is mended: a pointer of the server in, the words and the field of this page out. Pure. */
import type { Text } from '../../ui/language.tsx';

export interface MistakePlace {
  /** `{name}` in it is `name`. */
  readonly text: Text;
  /** Parameter it is about. */
  readonly name?: string;
  /** Panel at the right that holds the field; undefined for a field that always stands there. */
  readonly panel?: Panel;
  /** Id of the field. */
  readonly field: string;
}

export type Panel = 'parameters' | 'settings';

/** Names of the builder's own fields, by pointer below `spec`. The first that the pointer begins with is meant. */
const FIELDS: readonly (readonly [pointer: string, text: Text, field: string, panel?: Panel])[] = [
  ['/sql', { en: 'SQL', zh: 'SQL' }, 'api-sql'],
  ['/path', { en: 'Path', zh: '路径' }, 'api-path'],
  ['/connection', { en: 'Connection', zh: '连接' }, 'api-connection'],
  ['/auth', { en: 'API key', zh: 'API 密钥' }, 'api-key', 'settings'],
  ['/single', { en: 'One record', zh: '单条记录' }, 'api-single', 'settings'],
  ['/page/sort', { en: 'Sorted by', zh: '排序列' }, 'api-sort', 'settings'],
  ['/page/sizeDefault', { en: 'Rows per page', zh: '每页行数' }, 'api-sizeDefault', 'settings'],
  ['/page/sizeMax', { en: 'Most rows of a page', zh: '每页行数上限' }, 'api-sizeMax', 'settings'],
  ['/page', { en: 'Pages', zh: '分页' }, 'api-paged', 'settings'],
  ['/limits/rows', { en: 'Most rows of an answer', zh: '最大行数' }, 'api-rows', 'settings'],
  ['/limits/bytes', { en: 'Most bytes', zh: '最大字节数' }, 'api-bytes', 'settings'],
  ['/limits/timeout', { en: 'Longest time', zh: '最长时间' }, 'api-timeout', 'settings'],
];

const OF_PARAMETER: Text = { en: 'Parameter {name}', zh: '参数 {name}' };

/** The place of a pointer into `spec`, into a whole document, or of a value (`/values/<name>`); undefined when it has no field here. */
export function mistakePlace(pointer: string): MistakePlace | undefined {
  const below = pointer.replace(/^\/spec(?=\/)/, '');
  const [, kind, written] = /^\/(values|parameters)\/([^/]+)/.exec(below) ?? [];
  if (written !== undefined) {
    const name = written.replaceAll('~1', '/').replaceAll('~0', '~');
    return { text: OF_PARAMETER, name, panel: 'parameters', field: parameterField(name, kind === 'values' ? 'example' : 'type') };
  }
  if (pointer === '/metadata/name') return { text: { en: 'Name', zh: '名称' }, field: 'api-name' };
  const found = FIELDS.find(([start]) => below === start || below.startsWith(`${start}/`));
  if (!found) return undefined;
  const [, text, field, panel] = found;
  return { text, field, ...(panel ? { panel } : {}) };
}

/** Id of a parameter's field. */
export function parameterField(name: string, part: 'example' | 'type'): string {
  return `api-parameter-${name}-${part}`;
}
