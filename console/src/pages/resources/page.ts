import { AppstoreOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages(
  {
    path: '/resources',
    title: { en: 'All resources', zh: '所有资源' },
    load: () => import('./resource-list-page.tsx'),
    nav: { group: 'operate', order: 9, icon: AppstoreOutlined, key: 'a' },
  },
  {
    path: '/resources/new/$kind',
    title: { en: 'New resource', zh: '新建资源' },
    load: () => import('./resource-new-page.tsx'),
  },
);
