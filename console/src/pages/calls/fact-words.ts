/** What the steps of a call tell of themselves, in words. Names of a chain's own stand as they are. Pure. */
import type { Text } from '../../ui/language.tsx';

const PLACES: Readonly<Record<string, Text>> = {
  plan: { en: 'plan', zh: '套餐' },
  route: { en: 'route', zh: '路由' },
  'data-api': { en: 'data API', zh: '数据 API' },
};

const NAMES: Readonly<Record<string, Text>> = {
  key: { en: 'key', zh: '密钥' },
  name: { en: 'name', zh: '名称' },
  limit: { en: 'limit', zh: '上限' },
  remaining: { en: 'remaining', zh: '剩余' },
  request: { en: 'request', zh: '请求' },
  response: { en: 'answer', zh: '应答' },
};

/** What is done to header fields, followed by how many. */
const DONE: Readonly<Record<string, Text>> = {
  rename: { en: 'rename', zh: '改名' },
  remove: { en: 'remove', zh: '移除' },
  set: { en: 'set', zh: '设置' },
  add: { en: 'add', zh: '添加' },
};

const same = (word: string): Text => ({ en: word, zh: word });

/** Where a step stands. */
export function placeName(place: string): Text {
  return PLACES[place] ?? same(place);
}

/** What a fact is called. */
export function factName(name: string): Text {
  return NAMES[name] ?? same(name);
}

/** What a fact says: `set 1, add 2` of a direction, the place a limit is named after, or the text itself. */
export function factValue(name: string, value: string): Text {
  if (name === 'name') return placeName(value);
  if (name !== 'request' && name !== 'response') return same(value);
  const parts = value.split(', ').map((part) => {
    const [, verb = '', count = ''] = /^(\w+) (\d+)$/.exec(part) ?? [];
    const done = DONE[verb];
    return done ? { en: `${done.en} ${count}`, zh: `${done.zh} ${count} 个` } : same(part);
  });
  return { en: parts.map(({ en }) => en).join(', '), zh: parts.map(({ zh }) => zh).join('、') };
}
