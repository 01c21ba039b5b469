/** Table `schedule`: when each pipeline fires next, moved by compare-and-set. */
import { type Database, number, one } from '../database.ts';
import type { ScheduleStore } from '../../sdk/run.ts';

export function scheduleTable(db: Database): ScheduleStore {
  return {
    async advance(project, pipeline, expected, next) {
      if (expected === null) {
        return (
          (await db.run(
            `INSERT INTO schedule (project, pipeline, next_at) VALUES (?, ?, ?)
            ON CONFLICT (project, pipeline) DO NOTHING`,
            [project, pipeline, next],
          )) > 0
        );
      }
      return (
        (await db.run('UPDATE schedule SET next_at = ? WHERE project = ? AND pipeline = ? AND next_at = ?', [
          next,
          project,
          pipeline,
          expected,
        ])) > 0
      );
    },
    async next(project, pipeline) {
      const row = await one(db, 'SELECT next_at FROM schedule WHERE project = ? AND pipeline = ?', [project, pipeline]);
      return row && number(row, 'next_at');
    },
  };
}
