/** The catalogue of everything that can go wrong, by code. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { defineOperation } from '../operation.ts';
import { findProblem, listProblems } from '../problem-catalogue.ts';
import problems from '../problems.ts';
import { named, oneOf, orNull, text } from '../shapes.ts';

const area = 'problems';

const entry = named(
  'ProblemEntry',
  strictObject({
    code: T.String(),
    status: T.Integer(),
    title: text,
    detail: orNull(text),
    retry: oneOf(['never', 'now', 'later'], help('Whether trying again can help.', '重试是否有意义。')),
  }),
);

const list = defineOperation({
  id: 'listProblems',
  area,
  method: 'GET',
  path: '/problems',
  summary: { en: 'Lists every problem Weir can answer with.', zh: '列出 Weir 可能返回的所有问题。' },
  access: 'signed-in',
  response: named('ProblemEntries', strictObject({ items: T.Array(entry) })),
  handler: async (_call, parts) => ({ items: listProblems(parts.catalogues) }),
});

const get = defineOperation({
  id: 'getProblem',
  area,
  method: 'GET',
  path: '/problems/{code}',
  summary: { en: 'Explains one problem by its code (with %2F for `/`).', zh: '按代码说明一个问题（`/` 写作 %2F）。' },
  access: 'signed-in',
  params: strictObject({
    code: T.String({ minLength: 1, maxLength: 200, ...help('Code, such as `core/api/forbidden`.', '代码，如 `core/api/forbidden`。') }),
  }),
  response: entry,
  async handler({ params }, parts) {
    const found = findProblem(parts.catalogues, params.code);
    if (!found) throw problems.raise['not-found']({ values: { what: { en: 'problem', zh: '问题代码' }, name: params.code } });
    return found;
  },
});

export default [list, get];
