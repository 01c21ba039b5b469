import { ApiOutlined } from '@ant-design/icons';
import { definePages } from '../page.ts';

export default definePages(
  {
    path: '/data-apis',
    title: { en: 'Data APIs', zh: '数据 API' },
    load: () => import('./list-page.tsx'),
    nav: { group: 'data', order: 4, icon: ApiOutlined, key: 'd' },
    words: { en: 'SQL REST publish query', zh: 'SQL 发布 查询 接口' },
  },
  {
    path: '/data-apis/new',
    title: { en: 'New data API', zh: '新建数据 API' },
    load: () => import('./builder-page.tsx'),
    words: { en: 'create build publish SQL', zh: '创建 构建 发布 SQL' },
    permission: 'resources:write',
  },
  {
    path: '/data-apis/docs',
    title: { en: 'API documentation', zh: 'API 文档' },
    load: () => import('./docs-page.tsx'),
    words: { en: 'OpenAPI Swagger', zh: 'OpenAPI Swagger 接口文档' },
  },
  { path: '/data-apis/$project/$name', title: { en: 'Data API', zh: '数据 API' }, load: () => import('./detail-page.tsx') },
  {
    path: '/data-apis/$project/$name/build',
    title: { en: 'Build data API', zh: '构建数据 API' },
    load: () => import('./builder-page.tsx'),
  },
);
