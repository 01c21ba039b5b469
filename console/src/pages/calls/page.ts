import { UnorderedListOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages(
  {
    path: '/calls',
    title: { en: 'Calls', zh: '调用记录' },
    words: { en: 'requests log tail traffic', zh: '请求 日志 实时 流量' },
    load: () => import('./calls-page.tsx'),
    nav: { group: 'operate', order: 1, icon: UnorderedListOutlined, key: 'l' },
    permission: 'calls:read',
  },
  { path: '/calls/$id', title: { en: 'Call', zh: '调用' }, load: () => import('./call-page.tsx') },
);
