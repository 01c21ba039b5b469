/**
 * `doctor`: what stands in the way, what is risky, what is well. One list of findings, each with what to
 * do. Online through the admin API; the part that needs no running Weir also offline.
 */
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { kinds } from '../../generated/kinds.ts';
import type { Configuration } from '../control/configuration.ts';
import type { Finding } from '../control/api/parts.ts';
import { Problem } from '../base/problem.ts';
import { type Text, tell, verbatim } from '../base/text.ts';
import { formatBytes } from '../base/units.ts';
import { readKey } from '../control/access/secret-box.ts';
import type { Store } from '../store/types.ts';
import type { RoleConfig } from './config.ts';

const DISK_LOW_BYTES = 512 * 2 ** 20;

/** Findings about folders and files: nothing needs to run. */
export function examineFiles(role: Pick<RoleConfig, 'dataFolder' | 'fileRoots' | 'masterKeyFile'>): Finding[] {
  return [
    folderFinding(role.dataFolder),
    ...(existsSync(role.dataFolder) ? [diskFinding(role.dataFolder), keyFinding(role.masterKeyFile, role.dataFolder)] : []),
    ...role.fileRoots.map(rootFinding),
  ];
}

/** All findings of a running control. */
export async function examine(
  { role, store, configuration }: { role: RoleConfig; store: Store; configuration: Configuration },
  _signal: AbortSignal,
): Promise<Finding[]> {
  const findings = examineFiles(role);
  const answers = await store.ping().then(
    () => true,
    () => false,
  );
  findings.push(
    finding(
      'store',
      answers ? 'ok' : 'failed',
      answers
        ? 'The store answers.'
        : 'The store does not answer: check that its disk or PostgreSQL (store.url) is reachable, then see the log of control.',
      answers ? '存储有响应。' : '存储没有响应：请检查其磁盘或 PostgreSQL（store.url）是否可达，再查看 control 的日志。',
    ),
  );
  findings.push(listenFinding('gateway', role.config.gateway.host), listenFinding('control', role.config.control.host));
  if (existsSync(path.join(role.dataFolder, 'admin-password'))) {
    findings.push(
      finding(
        'admin-password',
        'warning',
        'The first admin’s password was never changed: change it, then its file goes.',
        '首个管理员密码从未修改：修改后其文件会被删除。',
      ),
    );
  }
  for (const incident of await store.incidents.list({ open: true, limit: 50 }))
    findings.push({ check: `incident/${incident.kind}`, title: INCIDENT, level: 'warning', subject: 'incident', detail: incident.detail });
  const { items } = await configuration.resources.list({ limit: 1000 });
  for (const { kind, name, project, status } of items) {
    const about = { check: `${project}/${kind}/${name}`, title: titleOf(kind, name), subject: { project, kind, name } };
    if (status.state === 'failed' || status.state === 'pending')
      findings.push({ ...about, level: status.state === 'failed' ? 'failed' : 'warning', detail: status.reason ?? verbatim('-') });
    for (const warning of status.warnings) findings.push({ ...about, level: 'warning', detail: warning });
  }
  return findings;
}

/** What each check is about. */
const CHECKS = {
  'data-folder': { en: 'Data folder', zh: '数据目录' },
  disk: { en: 'Free disk space', zh: '磁盘空间' },
  'master-key': { en: 'Master key', zh: '主密钥' },
  'files.roots': { en: 'Folders for files', zh: '文件目录' },
  store: { en: 'Store', zh: '存储' },
  gateway: { en: 'Gateway’s address', zh: '网关监听地址' },
  control: { en: 'Control’s address', zh: '控制端监听地址' },
  'admin-password': { en: 'First password', zh: '初始密码' },
} as const satisfies Record<string, Text>;
const INCIDENT: Text = { en: 'Open incident', zh: '未关闭的事件' };

type Check = keyof typeof CHECKS;

const finding = (check: Check, level: Finding['level'], en: string, zh: string): Finding => ({
  check,
  title: CHECKS[check],
  level,
  detail: { en, zh },
});

/** `Pipeline orders`, in the kind's own words. */
function titleOf(kind: string, name: string): Text {
  const title = kinds.find((one) => one.kind === kind)?.title ?? verbatim(kind);
  return tell({ en: '{title} {name}', zh: '{title} {name}' }, { title, name: verbatim(name) });
}

function folderFinding(folder: string): Finding {
  if (!existsSync(folder))
    return finding(
      'data-folder',
      'warning',
      `${folder} does not exist yet; the first start makes it.`,
      `${folder} 尚不存在，首次启动会创建。`,
    );
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    return finding(
      'data-folder',
      'failed',
      `${folder} cannot be used: ${(error as Error).message}.`,
      `${folder} 无法使用：${(error as Error).message}。`,
    );
  }
  const open = process.platform !== 'win32' && (statSync(folder).mode & 0o077) !== 0;
  return open
    ? finding('data-folder', 'warning', `${folder} may be read by others: chmod 700 it.`, `其他用户可读取 ${folder}：请执行 chmod 700。`)
    : finding('data-folder', 'ok', `${folder} can be used.`, `${folder} 可用。`);
}

function diskFinding(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const text = formatBytes(free);
  return free < DISK_LOW_BYTES
    ? finding(
        'disk',
        'warning',
        `Only ${text} are free for ${folder}: free some space, or writes will fail.`,
        `${folder} 仅剩 ${text} 可用空间：请清理空间，否则写入会失败。`,
      )
    : finding('disk', 'ok', `${text} are free.`, `可用空间 ${text}。`);
}

/** A key file that the operator named is judged as a start judges it: another owner and a group may read it (Kubernetes: 0440). */
function keyFinding(file: string, dataFolder: string): Finding {
  const given = file !== path.join(dataFolder, 'master.key');
  if (!existsSync(file) && given)
    return finding(
      'master-key',
      'failed',
      `${file} is not there: put the key back; a key file that was named is never made.`,
      `${file} 不存在：请放回密钥；显式指定的密钥文件不会自动创建。`,
    );
  if (!existsSync(file) && existsSync(path.join(dataFolder, 'store.db')))
    return finding(
      'master-key',
      'failed',
      `${file} is gone: put it back, or secrets cannot be read.`,
      `${file} 丢失：请放回，否则无法读取机密。`,
    );
  if (!existsSync(file))
    return finding('master-key', 'warning', `${file} is not there; the first start makes it.`, `${file} 不存在，首次启动会创建。`);
  try {
    readKey(file, given);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { check: 'master-key', title: CHECKS['master-key'], level: 'failed', detail: error.detail };
  }
  return finding('master-key', 'ok', 'The master key can be used. Keep a copy elsewhere.', '主密钥可用。请另存一份。');
}

function rootFinding(root: string): Finding {
  return existsSync(root)
    ? finding('files.roots', 'ok', `Connectors may use files in ${root}.`, `连接器可使用 ${root} 中的文件。`)
    : finding(
        'files.roots',
        'warning',
        `${root} does not exist: make the folder, or take it out of files.roots.`,
        `${root} 不存在：请创建该目录，或将其从 files.roots 中移除。`,
      );
}

function listenFinding(role: 'gateway' | 'control', host: string): Finding {
  const local = host === '127.0.0.1' || host === '::1' || host === 'localhost';
  if (role === 'control' && !local) {
    return finding(
      'control',
      'warning',
      `Control listens on ${host} without TLS: put a TLS proxy in front.`,
      `控制端在 ${host} 上监听且无 TLS：请在前面放置 TLS 代理。`,
    );
  }
  return role === 'control'
    ? finding('control', 'ok', `Control listens on ${host}.`, `控制端监听 ${host}。`)
    : finding('gateway', 'ok', `The gateway listens on ${host}.`, `网关监听 ${host}。`);
}
