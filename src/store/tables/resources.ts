/** Table `resource` and its history. */
import type { Manager, ResourceKey, StoredResource } from '../../sdk/resource.ts';
import { type Database, flag, json, number, one, type Row, text, textOrNull, where } from '../database.ts';
import type { HistoryEntry, ResourceTable } from '../types.ts';

export function resourceTable(db: Database): ResourceTable {
  return {
    async get({ project, kind, name }) {
      const row = await one(db, 'SELECT * FROM resource WHERE project = ? AND kind = ? AND name = ?', [project, kind, name]);
      return row && resourceOf(row);
    },
    async all({ project, kind } = {}) {
      const filter = where([
        ['project = ?', project],
        ['kind = ?', kind],
      ]);
      return (await db.all(`SELECT * FROM resource ${filter.sql} ORDER BY project, kind, name`, filter.values)).map(resourceOf);
    },
    async put(resource, change, historyMax) {
      const {
        project,
        kind,
        name,
        manager,
        text: written,
        spec,
        labels,
        description,
        enabled,
        version,
        release,
        createdAt,
        updatedAt,
        updatedBy,
      } = resource;
      await db.run('DELETE FROM resource WHERE project = ? AND kind = ? AND name = ?', [project, kind, name]);
      await db.run(
        `INSERT INTO resource (project, kind, name, manager, text, spec, labels, description, enabled, version, release,
          created_at, updated_at, updated_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          project,
          kind,
          name,
          manager,
          written,
          JSON.stringify(spec),
          JSON.stringify(labels),
          description ?? null,
          flag(enabled),
          version,
          release,
          createdAt,
          updatedAt,
          updatedBy,
        ],
      );
      await addHistory(db, resource, change, version, updatedAt, updatedBy, historyMax);
    },
    async delete(resource, version, at, by, historyMax) {
      const { project, kind, name } = resource;
      await db.run('DELETE FROM resource WHERE project = ? AND kind = ? AND name = ?', [project, kind, name]);
      await addHistory(db, resource, 'deleted', version, at, by, historyMax);
    },
    ...historyTable(db),
  };
}

/** Histories outlive their resources. */
function historyTable(db: Database): Pick<ResourceTable, 'history' | 'historyEntry' | 'lastVersion'> {
  return {
    async history({ project, kind, name }, limit) {
      const rows = await db.all(
        `SELECT * FROM resource_history WHERE project = ? AND kind = ? AND name = ?
          ORDER BY version DESC LIMIT ?`,
        [project, kind, name, limit],
      );
      return rows.map(historyOf);
    },
    async historyEntry({ project, kind, name }, version) {
      const row = await one(db, 'SELECT * FROM resource_history WHERE project = ? AND kind = ? AND name = ? AND version = ?', [
        project,
        kind,
        name,
        version,
      ]);
      return row && historyOf(row);
    },
    async lastVersion({ project, kind, name }) {
      const row = await one(
        db,
        `SELECT coalesce(max(version), 0) AS last FROM resource_history
          WHERE project = ? AND kind = ? AND name = ?`,
        [project, kind, name],
      );
      return row ? number(row, 'last') : 0;
    },
  };
}

async function addHistory(
  db: Database,
  resource: StoredResource,
  change: HistoryEntry['change'],
  version: number,
  at: number,
  by: string,
  historyMax: number,
): Promise<void> {
  const { project, kind, name, manager, release, text: written, spec } = resource;
  await db.run(
    `INSERT INTO resource_history (project, kind, name, version, change, manager, release, text, spec, at, changed_by)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [project, kind, name, version, change, manager, release, written, JSON.stringify(spec), at, by],
  );
  await db.run('DELETE FROM resource_history WHERE project = ? AND kind = ? AND name = ? AND version <= ?', [
    project,
    kind,
    name,
    version - historyMax,
  ]);
}

const keyOf = (row: Row): ResourceKey => ({ project: text(row, 'project'), kind: text(row, 'kind'), name: text(row, 'name') });

function resourceOf(row: Row): StoredResource {
  return {
    ...keyOf(row),
    manager: text(row, 'manager') as Manager,
    text: text(row, 'text'),
    spec: json(row, 'spec'),
    labels: json(row, 'labels'),
    description: textOrNull(row, 'description') ?? undefined,
    enabled: number(row, 'enabled') === 1,
    version: number(row, 'version'),
    release: text(row, 'release'),
    createdAt: number(row, 'created_at'),
    updatedAt: number(row, 'updated_at'),
    updatedBy: text(row, 'updated_by'),
  };
}

function historyOf(row: Row): HistoryEntry {
  return {
    ...keyOf(row),
    version: number(row, 'version'),
    change: text(row, 'change') as HistoryEntry['change'],
    manager: text(row, 'manager') as Manager,
    release: text(row, 'release'),
    text: text(row, 'text'),
    spec: json(row, 'spec'),
    at: number(row, 'at'),
    by: text(row, 'changed_by'),
  };
}
