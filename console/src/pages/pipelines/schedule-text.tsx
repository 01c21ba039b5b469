/** A schedule in words, with its cron on hover; its time zone beside it. */
import { Tooltip } from 'antd';
import { useSay } from '../../ui/language.tsx';
import { wordsOf } from './schedule-words.ts';

const texts = { none: { en: 'By hand', zh: '手动' } };

export function ScheduleText({ schedule }: { readonly schedule: { readonly cron: string; readonly timezone: string } | null }) {
  const say = useSay();
  if (!schedule) return <span className="weir-quiet">{say(texts.none)}</span>;
  const words = wordsOf(schedule.cron);
  return (
    <Tooltip title={`${schedule.cron} · ${schedule.timezone}`}>
      <span>
        {words ? say(words.text, words.values) : <code>{schedule.cron}</code>}
        {words && words.values['time'] === undefined ? null : <span className="weir-quiet"> {schedule.timezone}</span>}
      </span>
    </Tooltip>
  );
}
