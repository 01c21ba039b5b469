/** A value that is never shown again: other resources of its project name it as `${secret:name}`. */
import { help, secret, strictObject } from '../../../base/schema.ts';
import { defineResource } from '../define.ts';

export default defineResource<{ value: string }>({
  kind: 'Secret',
  plural: 'secrets',
  title: { en: 'Secret', zh: '机密' },
  summary: {
    en: 'A value kept encrypted and never shown; secret fields of the same project use it as ${secret:name}.',
    zh: '加密保存且不再显示的值；同项目的机密字段以 ${secret:name} 引用。',
  },
  spec: () =>
    strictObject({ value: secret({ ...help('The value. It can be written, never read back.', '机密的值，只能写入，不能读出。', '值') }) }),
  examples: [
    {
      title: { en: 'A password', zh: '一个密码' },
      text: `apiVersion: weir/v1
kind: Secret
metadata: { name: warehouse-password }
spec:
  value: correct horse battery staple
`,
    },
  ],
});
