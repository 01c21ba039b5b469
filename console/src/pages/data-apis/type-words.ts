/** What people call the types of parameters. */
import type { Text } from '../../ui/language.tsx';
import type { TypeName } from './parameters.ts';

export const TYPE_WORDS: Readonly<Record<TypeName, Text>> = {
  string: { en: 'text', zh: '文本' },
  integer: { en: 'whole number', zh: '整数' },
  number: { en: 'number', zh: '数值' },
  boolean: { en: 'yes/no', zh: '布尔' },
  date: { en: 'date', zh: '日期' },
  'date-time': { en: 'date and time', zh: '日期时间' },
  time: { en: 'time', zh: '时间' },
  uuid: { en: 'UUID', zh: 'UUID' },
};
