/** What can go wrong with the sample project. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/sample', {
  'not-loaded': {
    status: 409,
    title: { en: 'Sample was not loaded', zh: '示例未载入' },
    detail: {
      en: 'A resource of the sample could not be applied; see errors. Rename or delete your own resource of that name.',
      zh: '示例中的某个资源无法应用，详见 errors。请重命名或删除同名的自有资源。',
    },
  },
  'still-used': {
    status: 409,
    title: { en: 'Sample is still used', zh: '示例仍在使用' },
    detail: {
      en: 'These resources use parts of the sample: {names}. Delete or change them first.',
      zh: '以下资源正在使用示例：{names}。请先删除或修改它们。',
    },
  },
});
