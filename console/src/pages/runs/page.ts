import { HistoryOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

const title = { en: 'Runs', zh: '运行' };

export default definePages(
  {
    path: '/runs',
    title,
    load: () => import('./run-list-page.tsx'),
    nav: { group: 'data', order: 3, icon: HistoryOutlined, key: 'r' },
    words: { en: 'history log failed', zh: '历史 日志 失败' },
    permission: 'runs:read',
  },
  { path: '/runs/$id', title, load: () => import('./run-page.tsx'), permission: 'runs:read' },
);
