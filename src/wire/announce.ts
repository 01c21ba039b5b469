/**
 * What `weir up` prints once everything runs: what listens where, where the password is, and, with the
 * sample, three lines to paste, printed when the first of them will answer: control tells that, nobody calls the gateway for it.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fill, type Language, type Text } from '../base/text.ts';
import { clock } from './common.ts';
import type { RoleConfig } from './config.ts';
import { KEYS_FILE } from './sample-project.ts';
import type { RoleName } from '../supervisor/up.ts';
import { consoleFolder } from './version.ts';

/** An address of a Listener. */
export interface ListenerUrl {
  readonly name: string;
  readonly url: string;
}

export interface Announcement {
  readonly role: RoleConfig;
  readonly roles: readonly RoleName[];
  readonly firstPassword: string | undefined;
  readonly listeners: readonly ListenerUrl[];
  readonly language: Language;
  /** Resolves when the sample's data API answers; control tells it. */
  readonly sampleAnswers: Promise<void>;
  write(text: string): void;
}

const SAMPLE_MS = 120_000;

const TEXTS = {
  ready: { en: '\nWeir is up.\n', zh: '\n堰已启动。\n' },
  gateway: { en: '  gateway   {url}\n', zh: '  网关    {url}\n' },
  listener: { en: '  listener  {url}  ({name})\n', zh: '  监听器  {url}（{name}）\n' },
  control: { en: '  control   {url}  (admin API, metrics, health)\n', zh: '  控制端  {url}（管理 API、指标、健康检查）\n' },
  console: { en: '  console   {url}/  (in a browser)\n', zh: '  控制台  {url}/（用浏览器打开）\n' },
  made: {
    en: '  user admin was made with password {password}\n            (kept in {file} until it is changed)\n',
    zh: '  已创建用户 admin，密码 {password}\n          （保存在 {file}，修改密码后删除）\n',
  },
  file: { en: '  password of user admin: in {file}\n', zh: '  用户 admin 的密码见 {file}\n' },
  filling: { en: '\nThe sample’s pipelines fill its warehouse …\n', zh: '\n示例管道正在写入仓库 …\n' },
  late: {
    en: '\nThe sample’s data API does not answer yet; see `weir get DataApi` and `weir run list`.\n',
    zh: '\n示例数据 API 尚未就绪，请查看 `weir get DataApi` 与 `weir run list`。\n',
  },
  dataApi: { en: '\nA data API:\n', zh: '\n数据 API：\n' },
  proxied: { en: 'A proxied service:\n', zh: '经代理的服务：\n' },
  limited: { en: 'The same with a key of 5 calls a minute, past its limit:\n', zh: '同一服务，使用每分钟 5 次的密钥并超出限额：\n' },
  stop: { en: '\nCtrl-C stops everything.\n', zh: '\n按 Ctrl-C 停止。\n' },
} as const satisfies Record<string, Text>;

/** Prints; the answer ends a wait for the sample. */
export function announce({ role, roles, firstPassword, listeners, language, sampleAnswers, write }: Announcement): () => void {
  const { config, dataFolder } = role;
  const say = (text: Text, values: Record<string, unknown> = {}) => write(fill(text, language, values));
  const gatewayUrl = `http://${hostOf(config.gateway.host)}:${config.gateway.port}`;
  const passwordFile = path.join(dataFolder, 'admin-password');
  say(TEXTS.ready);
  if (roles.includes('gateway')) say(TEXTS.gateway, { url: gatewayUrl });
  for (const listener of listeners) say(TEXTS.listener, { ...listener });
  if (roles.includes('control')) {
    const url = `http://${hostOf(config.control.host)}:${config.control.port}`;
    say(TEXTS.control, { url });
    if (existsSync(path.join(consoleFolder, 'index.html'))) say(TEXTS.console, { url });
    if (firstPassword !== undefined) say(TEXTS.made, { password: firstPassword, file: passwordFile });
    else if (existsSync(passwordFile)) say(TEXTS.file, { file: passwordFile });
  }
  const keys = readKeys(dataFolder);
  if (!keys || !roles.includes('gateway') || !roles.includes('control')) {
    say(TEXTS.stop);
    return () => {};
  }
  const lines = curlLines(gatewayUrl, keys);
  say(TEXTS.filling);
  return untilAnswers(sampleAnswers, (answered) => {
    if (!answered) say(TEXTS.late);
    say(TEXTS.dataApi);
    write(`  ${lines.dataApi}\n`);
    say(TEXTS.proxied);
    write(`  ${lines.proxied}\n`);
    say(TEXTS.limited);
    write(`  ${lines.limited}\n`);
    say(TEXTS.stop);
  });
}

interface SampleKeys {
  readonly shopApp: string;
  readonly partner: string;
}

function readKeys(dataFolder: string): SampleKeys | null {
  const file = path.join(dataFolder, KEYS_FILE);
  if (!existsSync(file)) return null;
  const text = readFileSync(file, 'utf8');
  const key = (consumer: string) => new RegExp(`^${consumer}: (\\S+)$`, 'm').exec(text)?.[1];
  const [shopApp, partner] = [key('shop-app'), key('partner')];
  return shopApp && partner ? { shopApp, partner } : null;
}

function curlLines(gateway: string, { shopApp, partner }: SampleKeys) {
  return {
    dataApi: `curl -H 'x-api-key: ${shopApp}' '${gateway}/data/v1/orders/1'`,
    proxied: `curl -H 'x-api-key: ${shopApp}' '${gateway}/crm/customers/7'`,
    limited: `curl -s -o /dev/null -w '%{http_code}\\n' -H 'x-api-key: ${partner}' '${gateway}/crm/customers/[1-7]'`,
  };
}

/** Waits two minutes at most; true when it came true. Answers how to call it off. */
function untilAnswers(answers: Promise<void>, done: (answered: boolean) => void): () => void {
  const stop = new AbortController();
  const late = clock.sleep(SAMPLE_MS, stop.signal).then(() => false);
  void Promise.race([answers.then(() => true), late])
    .then(done)
    // Called off: nobody is to be told any more.
    .catch(() => undefined)
    .finally(() => stop.abort());
  return () => stop.abort();
}

/** A name that works in a URL on this machine. */
function hostOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
