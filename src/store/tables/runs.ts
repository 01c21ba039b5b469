/**
 * Tables `run`, `run_log`, `pipeline_epoch`, `checkpoint`: runs under leases.
 * A pipeline's row in `pipeline_epoch` is its lock: whoever decides about its runs updates that row
 * first, so that two workers never start it twice. Times are this process's wall clock; a lease that
 * ends too early costs a takeover, never a double write, since the sink compares epochs.
 */
import type { Clock } from '../../base/clock.ts';
import type { NewId } from '../../base/id.ts';
import type { Text } from '../../base/text.ts';
import type { Lease, RunStore } from '../../sdk/run.ts';
import { anyOf, type Database, jsonOrNull, number, one, text, textOrNull, where } from '../database.ts';
import { orderedBy } from '../order.ts';
import { runOf, storedText } from './run-row.ts';

const NEWEST = { by: 'created', descending: true } as const;
const ORDERS = {
  created: 'created_at',
  started: 'coalesce(started_at, 0)',
  finished: 'coalesce(finished_at, 0)',
  pipeline: 'pipeline',
} as const;
const CANDIDATES = 50;
/** Lines kept of one run; the last says that there were more. */
const LOG_LINES_MAX = 20_000;
const LOG_FULL: Text = {
  en: `the log of this run is full (${LOG_LINES_MAX} lines); what follows is not kept`,
  zh: `本次运行的日志已满（${LOG_LINES_MAX} 行）；后续内容不再保留`,
};
/** No lease reaches further than this many of its lengths: one that does was written before the clock went back. */
const LEASES_AHEAD = 4;
/** Finished runs kept for each pipeline, with their logs. */
const FINISHED_MAX = 500;

export function runTable(db: Database, clock: Clock, newId: NewId): RunStore {
  return { ...queueing(db, clock, newId), ...reading(db), ...checkpoints(db, clock), ...leases(db, clock) };
}

/** Making runs, writing their logs, asking them to end. */
function queueing(db: Database, clock: Clock, newId: NewId): Pick<RunStore, 'enqueue' | 'log' | 'requestCancel'> {
  return {
    enqueue: (run) =>
      db.transaction(async (inner) => {
        await lockPipeline(inner, run.project, run.pipeline, clock.now());
        const waiting = run.overlap === 'skip' ? `state IN ('queued', 'running')` : `state = 'queued'`;
        const same = `SELECT id FROM run WHERE project = ? AND pipeline = ? AND ${waiting} LIMIT 1`;
        if (await one(inner, same, [run.project, run.pipeline])) return null;
        const id = newId();
        await inner.run(
          `INSERT INTO run (id, project, pipeline, release, state, cause, attempt, attempts_max, retry_of, created_at,
            due_at, epoch, cancel_requested, streams, requested_by) VALUES (?, ?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, 0, 0, '[]', ?)`,
          [
            id,
            run.project,
            run.pipeline,
            run.release,
            run.trigger,
            run.attempt,
            run.attemptsMax,
            run.retryOf ?? null,
            clock.now(),
            run.dueAt,
            run.requestedBy,
          ],
        );
        return runOf((await one(inner, 'SELECT * FROM run WHERE id = ?', [id]))!);
      }),
    async log(lines) {
      await db.transaction(async (inner) => {
        const next = new Map<string, number>();
        for (const line of lines) {
          const last = 'SELECT coalesce(max(sequence), 0) AS last FROM run_log WHERE run = ?';
          const at = next.get(line.run) ?? number((await one(inner, last, [line.run]))!, 'last') + 1;
          next.set(line.run, at + 1);
          if (at > LOG_LINES_MAX) continue;
          const message = at === LOG_LINES_MAX ? LOG_FULL : line.message;
          await inner.run('INSERT INTO run_log (run, sequence, time, level, message, stream) VALUES (?, ?, ?, ?, ?, ?)', [
            line.run,
            at,
            line.time,
            line.level,
            JSON.stringify({ en: message.en, zh: message.zh }),
            line.stream,
          ]);
        }
      });
    },
    async requestCancel(id) {
      const now = clock.now();
      const queued = await db.run(
        `UPDATE run SET state = 'done', result = 'cancelled', cancel_requested = 1, finished_at = ?
          WHERE id = ? AND state = 'queued'`,
        [now, id],
      );
      return queued > 0 || (await db.run(`UPDATE run SET cancel_requested = 1 WHERE id = ? AND state = 'running'`, [id])) > 0;
    },
  };
}

function reading(db: Database): Pick<RunStore, 'get' | 'list' | 'logs'> {
  return {
    async get(id) {
      const row = await one(db, 'SELECT * FROM run WHERE id = ?', [id]);
      return row && runOf(row);
    },
    async list({ project, projects, pipeline, state, result, triesOf, from, to, order = NEWEST, after, limit }) {
      const { condition, sql } = orderedBy(ORDERS, order, after);
      const filter = where([
        ['project = ?', project],
        anyOf('project', projects),
        ['pipeline = ?', pipeline],
        ['state = ?', state],
        ['result = ?', result],
        ['? IN (id, retry_of)', triesOf],
        ['created_at >= ?', from],
        ['created_at < ?', to],
        condition,
      ]);
      return (await db.all(`SELECT * FROM run ${filter.sql} ${sql} LIMIT ?`, [...filter.values, limit])).map(runOf);
    },
    async logs(run, after, limit) {
      const rows = await db.all('SELECT * FROM run_log WHERE run = ? AND sequence > ? ORDER BY sequence LIMIT ?', [run, after, limit]);
      return rows.map((row) => ({
        run,
        sequence: number(row, 'sequence'),
        time: number(row, 'time'),
        level: text(row, 'level') as never,
        message: storedText(text(row, 'message')),
        stream: textOrNull(row, 'stream'),
      }));
    },
  };
}

/** The store's copy of what sinks hold. */
function checkpoints(db: Database, clock: Clock): Pick<RunStore, 'saveCheckpoint' | 'checkpoint'> {
  return {
    async saveCheckpoint(project, c) {
      await db.run(
        `INSERT INTO checkpoint (project, pipeline, stream, epoch, position, row_count, run, saved_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (project, pipeline, stream) DO UPDATE SET epoch = excluded.epoch, position = excluded.position,
          row_count = excluded.row_count, run = excluded.run, saved_at = excluded.saved_at WHERE checkpoint.epoch <= excluded.epoch`,
        [project, c.pipeline, c.stream, c.epoch, c.position ? JSON.stringify(c.position) : null, c.rows, c.run, clock.now()],
      );
    },
    async checkpoint(project, pipeline, stream) {
      const row = await one(db, 'SELECT * FROM checkpoint WHERE project = ? AND pipeline = ? AND stream = ?', [project, pipeline, stream]);
      return (
        row && {
          pipeline,
          stream,
          epoch: number(row, 'epoch'),
          position: jsonOrNull(row, 'position'),
          rows: number(row, 'row_count'),
          run: text(row, 'run'),
        }
      );
    },
  };
}

/** Claim, heartbeat, progress, finish: everything a lease's epoch guards. */
function leases(db: Database, clock: Clock): Pick<RunStore, 'claim' | 'heartbeat' | 'release' | 'progress' | 'finish'> {
  const held = `id = ? AND epoch = ? AND worker = ? AND state = 'running'`;
  const holder = ({ run, epoch, worker }: Lease) => [run.id, epoch, worker];
  return {
    claim: (worker, leaseMs) =>
      db.transaction(async (inner) => {
        const now = clock.now();
        await inner.run(`UPDATE run SET lease_until = ? WHERE state = 'running' AND lease_until > ?`, [
          now + LEASES_AHEAD * leaseMs,
          now + LEASES_AHEAD * leaseMs,
        ]);
        const candidates = await inner.all(
          `SELECT id, project, pipeline FROM run
            WHERE ((state = 'queued' AND due_at <= ?) OR (state = 'running' AND lease_until < ?))
              AND NOT EXISTS (SELECT 1 FROM run other WHERE other.state = 'running' AND other.lease_until >= ?
                AND other.id <> run.id AND other.project = run.project AND other.pipeline = run.pipeline)
            ORDER BY due_at, id LIMIT ?`,
          [now, now, now, CANDIDATES],
        );
        for (const candidate of candidates) {
          const claimed = await tryClaim(inner, candidate as never, worker, now, leaseMs);
          if (claimed) return claimed;
        }
        return null;
      }),
    async heartbeat(lease, leaseMs) {
      const kept = await db.run(`UPDATE run SET lease_until = ? WHERE ${held}`, [clock.now() + leaseMs, ...holder(lease)]);
      const row = kept > 0 ? await one(db, 'SELECT cancel_requested FROM run WHERE id = ?', [lease.run.id]) : null;
      return { held: kept > 0, cancelRequested: row !== null && number(row, 'cancel_requested') === 1 };
    },
    release: (worker) => db.run(`UPDATE run SET lease_until = 0 WHERE worker = ? AND state = 'running' AND lease_until > 0`, [worker]),
    async progress(lease, streams) {
      await db.run(`UPDATE run SET streams = ? WHERE ${held}`, [JSON.stringify(streams), ...holder(lease)]);
    },
    finish: (lease, result, streams, problem) =>
      db.transaction(async (inner) => {
        const ended = await inner.run(
          `UPDATE run SET state = 'done', result = ?, streams = ?, problem = ?, finished_at = ?,
            lease_until = NULL WHERE ${held}`,
          [result, JSON.stringify(streams), problem ? JSON.stringify(problem) : null, clock.now(), ...holder(lease)],
        );
        if (ended > 0) await trimFinished(inner, lease.run.project, lease.run.pipeline);
        return ended > 0;
      }),
  };
}

/** Takes one candidate if its pipeline has no other run going; the epoch grows with every claim. */
async function tryClaim(
  inner: Database,
  candidate: { id: string; project: string; pipeline: string },
  worker: string,
  now: number,
  leaseMs: number,
): Promise<Lease | null> {
  const { id, project, pipeline } = candidate;
  if (!(await tryLockPipeline(inner, project, pipeline))) return null;
  const row = await one(inner, 'SELECT state, lease_until, due_at FROM run WHERE id = ?', [id]);
  const free = row && (row['state'] === 'queued' || (row['state'] === 'running' && number(row, 'lease_until') < now));
  if (!free) return null;
  const other = await one(inner, `SELECT id FROM run WHERE project = ? AND pipeline = ? AND state = 'running' AND id <> ? LIMIT 1`, [
    project,
    pipeline,
    id,
  ]);
  if (other) return null;
  await inner.run('UPDATE pipeline_epoch SET epoch = epoch + 1 WHERE project = ? AND pipeline = ?', [project, pipeline]);
  const epoch = number(
    (await one(inner, 'SELECT epoch FROM pipeline_epoch WHERE project = ? AND pipeline = ?', [project, pipeline]))!,
    'epoch',
  );
  await inner.run(
    `UPDATE run SET state = 'running', worker = ?, epoch = ?, lease_until = ?,
      started_at = coalesce(started_at, ?) WHERE id = ?`,
    [worker, epoch, now + leaseMs, now, id],
  );
  return { run: runOf((await one(inner, 'SELECT * FROM run WHERE id = ?', [id]))!), worker, epoch };
}

/**
 * Holds the pipeline's row until the transaction ends. Epochs begin at the time in seconds: a store that
 * was lost and made anew must not hand out epochs that sinks have seen, or they would fence it off.
 */
async function lockPipeline(inner: Database, project: string, pipeline: string, now: number): Promise<void> {
  const first = Math.floor(now / 1000);
  await inner.run('INSERT INTO pipeline_epoch (project, pipeline, epoch) VALUES (?, ?, ?) ON CONFLICT (project, pipeline) DO NOTHING', [
    project,
    pipeline,
    first,
  ]);
  await inner.run('UPDATE pipeline_epoch SET epoch = epoch WHERE project = ? AND pipeline = ?', [project, pipeline]);
}

/** False when another worker decides about this pipeline just now. `enqueue` made the row. */
async function tryLockPipeline(inner: Database, project: string, pipeline: string): Promise<boolean> {
  if (inner.dialect === 'sqlite') return true; // A transaction is the only writer there.
  return (
    (await one(inner, 'SELECT epoch FROM pipeline_epoch WHERE project = ? AND pipeline = ? FOR UPDATE SKIP LOCKED', [
      project,
      pipeline,
    ])) !== null
  );
}

async function trimFinished(inner: Database, project: string, pipeline: string): Promise<void> {
  const edge = await one(
    inner,
    `SELECT id FROM run WHERE project = ? AND pipeline = ? AND state = 'done'
      ORDER BY id DESC LIMIT 1 OFFSET ?`,
    [project, pipeline, FINISHED_MAX],
  );
  if (!edge) return;
  const old = `SELECT id FROM run WHERE project = ? AND pipeline = ? AND state = 'done' AND id <= ?`;
  await inner.run(`DELETE FROM run_log WHERE run IN (${old})`, [project, pipeline, text(edge, 'id')]);
  await inner.run(`DELETE FROM run WHERE id IN (${old})`, [project, pipeline, text(edge, 'id')]);
}
