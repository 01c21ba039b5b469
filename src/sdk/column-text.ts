/**
 * The text of a value by column type, checked strictly: for sources without types of their own (CSV) and
 * sinks whose engine would take anything (SQLite). In: a type and a text. Out: nothing, or why it does not fit.
 */
import type { Text } from '../base/text.ts';
import type { Column, ColumnType } from './record.ts';

const INTEGER = /^[+-]?\d{1,40}$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?$/;
const NOT_FINITE = /^(NaN|[+-]?Infinity)$/;
const DATE = /^[+-]?\d{4,6}-(\d\d)-(\d\d)( BC)?$/;
const TIME = /^([01]\d|2[0-4]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?$/;
const ZONE = /(Z|[+-]\d\d(:?\d\d)?(:\d\d)?)$/;
const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const NO_NUMBER: Text = { en: 'is not a number', zh: '不是数字' };

const RANGES: Readonly<Partial<Record<ColumnType, readonly [bigint, bigint]>>> = {
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/**
 * Says why `text` is no value of the column, or undefined when it is one.
 * @example misfit({ name: 'n', type: 'int16', … }, '40000')?.en === 'is out of range for int16'
 */
export function misfit(column: Pick<Column, 'type' | 'length' | 'precision' | 'scale'>, text: string): Text | undefined {
  switch (column.type) {
    case 'int16':
    case 'int32':
    case 'int64':
      return integerMisfit(column.type, text);
    case 'decimal':
      return NOT_FINITE.test(text) ? undefined : decimalMisfit(column, text);
    case 'float32':
    case 'float64':
      return NOT_FINITE.test(text) || DECIMAL.test(text) ? undefined : NO_NUMBER;
    case 'boolean':
      return /^(t|f|true|false|0|1)$/i.test(text) ? undefined : { en: 'is not a boolean', zh: '不是布尔值' };
    case 'text':
      return column.length !== undefined && tooLong(text, column.length)
        ? { en: `is longer than ${column.length} characters`, zh: `超过 ${column.length} 个字符` }
        : undefined;
    case 'bytes':
      return /^\\x([0-9a-f]{2})*$/i.test(text) ? undefined : { en: 'is not hexadecimal bytes', zh: '不是十六进制字节' };
    case 'json':
      return jsonMisfit(text);
    case 'uuid':
      return UUID.test(text) ? undefined : { en: 'is not a UUID', zh: '不是 UUID' };
    case 'date':
    case 'time':
    case 'timestamp':
    case 'timestamptz':
      return timeMisfit(column.type, text);
  }
}

function integerMisfit(type: 'int16' | 'int32' | 'int64', text: string): Text | undefined {
  if (!INTEGER.test(text)) return { en: 'is not a whole number', zh: '不是整数' };
  const [least, most] = RANGES[type]!;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  return value < least || value > most ? { en: `is out of range for ${type}`, zh: `超出 ${type} 的范围` } : undefined;
}

function decimalMisfit(column: Pick<Column, 'precision' | 'scale'>, text: string): Text | undefined {
  if (!DECIMAL.test(text)) return NO_NUMBER;
  if (column.precision === undefined || /e/i.test(text)) return undefined;
  const [whole = '', fraction = ''] = text.replace(/^[+-]/, '').split('.');
  const scale = column.scale ?? 0;
  const wholeDigits = whole.replace(/^0+/, '').length;
  const fractionDigits = fraction.replace(/0+$/, '').length;
  const fits = wholeDigits <= column.precision - scale && fractionDigits <= scale;
  return fits
    ? undefined
    : {
        en: `is out of range for decimal(${column.precision},${scale})`,
        zh: `超出 decimal(${column.precision},${scale}) 的范围`,
      };
}

/** Characters are code points, as PostgreSQL counts them. */
function tooLong(text: string, length: number): boolean {
  if (text.length <= length) return false;
  let count = 0;
  for (const _ of text) if (++count > length) return true;
  return false;
}

function jsonMisfit(text: string): Text | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    return { en: 'is not JSON', zh: '不是 JSON' };
  }
}

function timeMisfit(type: 'date' | 'time' | 'timestamp' | 'timestamptz', text: string): Text | undefined {
  if (/^-?infinity$/.test(text) && type !== 'time') return undefined;
  const wrong = { en: `is not a ${type}`, zh: `不是 ${type} 类型的值` };
  if (type === 'date') return isDate(text) ? undefined : wrong;
  const zone = ZONE.exec(text.slice(11))?.[0] ?? '';
  if (type === 'time') return TIME.test(text) ? undefined : wrong;
  const [day, time] = splitMoment(text.slice(0, text.length - zone.length).replace(/ BC$/, ''));
  return isDate(day) && (time === '' || TIME.test(time)) ? undefined : wrong;
}

function splitMoment(text: string): [string, string] {
  const at = text.search(/[ T]/);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function isDate(text: string): boolean {
  const match = DATE.exec(text);
  return match !== null && Number(match[1]) >= 1 && Number(match[1]) <= 12 && Number(match[2]) >= 1 && Number(match[2]) <= 31;
}
