import { NodeIndexOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

const title = { en: 'Pipelines', zh: '管道' };

export default definePages(
  {
    path: '/pipelines',
    title,
    load: () => import('./pipeline-list-page.tsx'),
    nav: { group: 'data', order: 2, icon: NodeIndexOutlined, key: 'p' },
    words: { en: 'copy sync transfer', zh: '同步 复制 传输' },
    permission: 'runs:read',
  },
  {
    path: '/pipelines/new',
    title: { en: 'New pipeline', zh: '新建管道' },
    load: () => import('./wizard/wizard-page.tsx'),
    permission: 'resources:write',
  },
  { path: '/pipelines/$project/$name', title, load: () => import('./pipeline-page.tsx'), permission: 'runs:read' },
);
