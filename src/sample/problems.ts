/** What can go wrong with the sample project. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/sample', {
  'not-loaded': {
    status: 409,
    title: { en: 'Sample was not loaded', zh: '示例未载入' },
    detail: { en: 'A resource of the sample could not be applied; see errors. Rename or delete your own resource of that name.', zh: '示例中的某个资源无法应用，详见 errors。请重命名或删除同名的自有资源。' },
  },
  'still-used': {
    status: 409,
    title: { en: 'Sample is still used', zh: '示例仍在使用' },
    detail: { en: 'Other resources use parts of the sample: {names} cannot be deleted. Delete or change those first.', zh: '其他资源仍在使用示例：{names} 无法删除。请先删除或修改它们。' },
  },
});
