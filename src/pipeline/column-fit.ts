/** Whether values of a source column fit a column that is there already. Pure. */
import type { ColumnFit } from '../sdk/pipeline-plan.ts';
import type { Column, ColumnType } from '../sdk/record.ts';

type Shape = Pick<Column, 'type' | 'precision' | 'scale' | 'length'>;

const INTEGER_DIGITS: Readonly<Partial<Record<ColumnType, number>>> = { int16: 5, int32: 10, int64: 19 };
/** Types whose every value is a value of the others listed. */
const WIDER: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int16: ['int32', 'int64', 'float32', 'float64'],
  int32: ['int64', 'float64'],
  float32: ['float64'],
};
/** Types between which some values pass and others fail or lose something. */
const LOSSY: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int16: ['decimal', 'boolean'],
  int32: ['int16', 'decimal', 'float32', 'boolean'],
  int64: ['int16', 'int32', 'decimal', 'float32', 'float64', 'boolean'],
  decimal: ['int16', 'int32', 'int64', 'float32', 'float64'],
  float32: ['decimal', 'int16', 'int32', 'int64'],
  float64: ['decimal', 'float32', 'int16', 'int32', 'int64'],
  date: ['timestamp', 'timestamptz'],
  timestamp: ['date', 'timestamptz'],
  timestamptz: ['date', 'timestamp'],
};

/**
 * How `from` fits into `to`. Text takes everything (as text); from text, only what looks like the other type passes.
 * @example fitOf({ type: 'text', length: 80 }, { type: 'text', length: 40 }) === 'narrower'
 */
export function fitOf(from: Shape, to: Shape): Exclude<ColumnFit, 'new'> {
  if (to.type === 'text') return from.type === 'text' ? lengthFit(from, to) : to.length === undefined ? 'same' : 'narrower';
  if (from.type === 'text') return 'narrower';
  if (to.type === 'decimal') return decimalFit(from, to);
  if (from.type === to.type || WIDER[from.type]?.includes(to.type)) return 'same';
  return LOSSY[from.type]?.includes(to.type) ? 'narrower' : 'conflict';
}

function lengthFit(from: Shape, to: Shape): 'same' | 'narrower' {
  return to.length === undefined || (from.length !== undefined && from.length <= to.length) ? 'same' : 'narrower';
}

function decimalFit(from: Shape, to: Shape): Exclude<ColumnFit, 'new'> {
  const digits = INTEGER_DIGITS[from.type];
  if (from.type !== 'decimal' && digits === undefined) return LOSSY[from.type]?.includes('decimal') ? 'narrower' : 'conflict';
  if (to.precision === undefined) return 'same';
  const [precision, scale] = digits === undefined ? [from.precision, from.scale ?? 0] : [digits, 0];
  const toScale = to.scale ?? 0;
  return precision !== undefined && scale <= toScale && precision - scale <= to.precision - toScale ? 'same' : 'narrower';
}
