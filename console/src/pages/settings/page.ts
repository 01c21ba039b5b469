import { SettingOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages({
  path: '/settings',
  title: { en: 'Settings', zh: '设置' },
  words: { en: 'users tokens doctor password language theme account', zh: '用户 令牌 诊断 密码 语言 主题 账户' },
  load: () => import('./settings-page.tsx'),
  nav: { group: 'settings', order: 1, icon: SettingOutlined, key: 's' },
});
