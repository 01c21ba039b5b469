/** Projects: part of every resource's key, and what permissions and references are limited to. */
import { strictObject, T } from '../../../base/schema.ts';
import { defineOperation } from '../operation.ts';
import { named } from '../shapes.ts';

const list = defineOperation({
  id: 'listProjects',
  area: 'projects',
  method: 'GET',
  path: '/projects',
  filtered: true,
  summary: { en: 'Lists the projects that hold resources.', zh: '列出含有资源的项目。' },
  access: 'resources:read',
  response: named('Projects', strictObject({ items: T.Array(strictObject({ name: T.String() })) })),
  async handler({ caller }, parts) {
    const found = await parts.projects();
    return { items: found.filter((name) => !caller.projects || caller.projects.includes(name)).map((name) => ({ name })) };
  },
});

export default [list];
