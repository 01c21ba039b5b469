import { IdcardOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages(
  {
    path: '/consumers',
    title: { en: 'Consumers', zh: '消费者' },
    words: { en: 'apps keys plans credentials quota limits', zh: '应用 密钥 套餐 凭证 配额 限流' },
    load: () => import('./consumers-page.tsx'),
    nav: { group: 'gateway', order: 3, icon: IdcardOutlined, key: 'k' },
  },
  { path: '/consumers/$project/$name', title: { en: 'Consumer', zh: '消费者' }, load: () => import('./consumer-page.tsx') },
);
