import { HomeOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages({
  path: '/',
  title: { en: 'Home', zh: '首页' },
  load: () => import('./home-page.tsx'),
  nav: { group: 'start', order: 0, icon: HomeOutlined, key: 'h' },
});
