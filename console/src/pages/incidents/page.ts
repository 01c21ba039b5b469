import { AlertOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages({
  path: '/incidents',
  title: { en: 'Incidents', zh: '事件' },
  words: { en: 'held folder deletion confirm', zh: '暂停 文件夹 删除 确认' },
  load: () => import('./incidents-page.tsx'),
  nav: { group: 'operate', order: 4, icon: AlertOutlined, key: 'i' },
  permission: 'system:read',
});
