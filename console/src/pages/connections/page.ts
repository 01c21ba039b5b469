import { DatabaseOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

const title = { en: 'Connections', zh: '连接' };

export default definePages(
  {
    path: '/connections',
    title,
    load: () => import('./connection-list-page.tsx'),
    nav: { group: 'data', order: 1, icon: DatabaseOutlined, key: 'c' },
    words: { en: 'database source data', zh: '数据库 数据源' },
    permission: 'resources:read',
  },
  {
    path: '/connections/new',
    title: { en: 'New connection', zh: '新建连接' },
    load: () => import('./new-connection-page.tsx'),
    permission: 'resources:write',
  },
  { path: '/connections/$project/$name', title, load: () => import('./connection-page.tsx'), permission: 'resources:read' },
);
