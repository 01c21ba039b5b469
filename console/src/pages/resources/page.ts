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
    permission: 'resources:write',
  },
  {
    path: '/resources/$project/$kind/$name',
    title: { en: 'Resource', zh: '资源' },
    load: () => import('./resource-page.tsx'),
  },
  {
    path: '/resources/$project/$kind/$name/edit',
    title: { en: 'Edit resource', zh: '编辑资源' },
    load: () => import('./resource-edit-page.tsx'),
    permission: 'resources:write',
  },
);
