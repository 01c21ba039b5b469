import { BranchesOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages(
  {
    path: '/routes',
    title: { en: 'Routes', zh: '路由' },
    words: { en: 'gateway match tester upstream targets health', zh: '网关 匹配 测试 上游 目标 健康' },
    load: () => import('./routes-page.tsx'),
    nav: { group: 'gateway', order: 1, icon: BranchesOutlined, key: 't' },
  },
  { path: '/routes/$project/$name', title: { en: 'Route', zh: '路由' }, load: () => import('./route-page.tsx') },
);
