import { AuditOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages({
  path: '/audit',
  title: { en: 'Audit', zh: '审计' },
  words: { en: 'who changed what history denial login', zh: '谁 修改 历史 拒绝 登录' },
  load: () => import('./audit-page.tsx'),
  nav: { group: 'operate', order: 3, icon: AuditOutlined, key: 'u' },
  permission: 'audit:read',
});
