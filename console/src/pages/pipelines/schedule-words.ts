/** Common schedules in words; others stay as cron. Pure. */
import type { Text } from '../../ui/language.tsx';

export interface ScheduleWords {
  readonly text: Text;
  readonly values: Readonly<Record<string, string | number>>;
}

const WEEKDAYS: readonly Text[] = [
  { en: 'Sunday', zh: '周日' },
  { en: 'Monday', zh: '周一' },
  { en: 'Tuesday', zh: '周二' },
  { en: 'Wednesday', zh: '周三' },
  { en: 'Thursday', zh: '周四' },
  { en: 'Friday', zh: '周五' },
  { en: 'Saturday', zh: '周六' },
];

const two = (text: string) => text.padStart(2, '0');

/** Words for a five-field cron that people often write; undefined for every other. */
export function wordsOf(cron: string): ScheduleWords | undefined {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  if (day !== '*' || month !== '*') return undefined;
  const isNumber = (text: string) => /^\d{1,2}$/.test(text);
  const every = /^\*\/([1-9]\d?)$/.exec(minute)?.[1];
  if (hour === '*' && weekday === '*') {
    if (minute === '*') return { text: { en: 'every minute', zh: '每分钟' }, values: {} };
    if (every !== undefined && 60 % Number(every) === 0)
      return { text: { en: 'every {count} minutes', zh: '每 {count} 分钟' }, values: { count: Number(every) } };
    if (minute === '0') return { text: { en: 'every hour', zh: '每小时整点' }, values: {} };
    if (isNumber(minute)) return { text: { en: 'every hour at :{minute}', zh: '每小时第 {minute} 分' }, values: { minute: two(minute) } };
    return undefined;
  }
  if (!isNumber(minute) || !isNumber(hour)) return undefined;
  const values = { time: `${two(hour)}:${two(minute)}` };
  if (weekday === '*') return { text: { en: 'every day at {time}', zh: '每天 {time}' }, values };
  if (!/^[0-6]$/.test(weekday)) return undefined;
  const name = WEEKDAYS[Number(weekday)]!;
  return { text: { en: `every ${name.en} at {time}`, zh: `每${name.zh} {time}` }, values };
}
