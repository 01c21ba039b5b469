/** Verbs about who may do what: login, keys, tokens, users. */
import type { Key, Token, User } from '../../../generated/client.ts';
import { clientOf } from '../connect.ts';
import { chooseServer, keepLogin } from '../credential.ts';
import type { Shape } from '../render.ts';
import type { Given, Verb, VerbOption } from '../verb.ts';

const PASSWORD_FILE: VerbOption = {
  flags: '--password-file <file>',
  help: { en: 'File that holds the password; - is standard input.', zh: '存放密码的文件；- 为标准输入。' },
};
const EXPIRES: VerbOption = {
  flags: '--expires-in <duration>',
  help: { en: 'How long it is valid, such as 30d.', zh: '有效期，如 30d。' },
};
const ROLE: VerbOption = {
  flags: '--role <role>',
  choices: ['admin', 'viewer'],
  default: 'viewer',
  help: { en: 'What they may do.', zh: '角色。' },
};

const login: Verb = {
  name: 'login',
  summary: { en: 'Logs in and keeps it in ~/.config/weir (0600).', zh: '登录，并保存在 ~/.config/weir（0600）。' },
  options: [
    {
      flags: '-u, --user <name>',
      default: 'admin',
      help: { en: 'User to log in as; with --token no user is needed.', zh: '登录用户；使用 --token 时不需要。' },
    },
    PASSWORD_FILE,
  ],
  async run(given) {
    const { io, options, out } = given;
    const server = chooseServer(io, options['server'] as string | undefined, given.offline.local);
    const token = options['token'] as string | undefined;
    const connecting = { io, language: given.language, server, token, timeoutMs: given.timeoutMs, local: given.offline.local };
    if (token) {
      const { data } = await clientOf(connecting, server, { kind: 'token', token }).whoami();
      const file = keepLogin(io, server, { kind: 'token', token }, undefined);
      return out.note(
        { en: 'Logged in to {server} as {name}; kept in {file}.', zh: '已以 {name} 登录 {server}；保存在 {file}。' },
        { server, name: data.name, file },
      );
    }
    const password = await given.secret({ en: 'Password', zh: '密码' });
    const answer = await clientOf(connecting, server, undefined).login({ body: { name: String(options['user']), password } });
    const session = /weir_session=([^;]+)/.exec(answer.cookie ?? '')?.[1] ?? '';
    const file = keepLogin(io, server, { kind: 'session', session, csrf: answer.data.csrfToken }, answer.data.expiresAt);
    out.note(
      { en: 'Logged in to {server} as {name}; kept in {file}.', zh: '已以 {name} 登录 {server}；保存在 {file}。' },
      { server, name: answer.data.name, file },
    );
  },
};

const keyShape = (given: Given): Shape<Key> => ({
  columns: [
    { title: { en: 'ID', zh: 'ID' }, value: (k) => k.id },
    { title: { en: 'CONSUMER', zh: '消费者' }, value: (k) => k.consumer },
    { title: { en: 'KEY', zh: '密钥' }, value: (k) => `${k.hint}…` },
    { title: { en: 'CREATED (UTC)', zh: '创建（UTC）' }, value: (k) => given.out.time(k.createdAt) },
    { title: { en: 'EXPIRES (UTC)', zh: '过期（UTC）' }, value: (k) => given.out.time(k.expiresAt) },
    { title: { en: 'REVOKED (UTC)', zh: '吊销（UTC）' }, value: (k) => given.out.time(k.revokedAt) },
  ],
  name: (k) => k.id,
});

const keyCreate: Verb = {
  name: 'key create',
  summary: { en: 'Creates an API key of a consumer; shown once.', zh: '为消费者新建 API 密钥；只显示一次。' },
  arguments: [{ name: '<consumer>', help: { en: 'Name of the consumer.', zh: '消费者名称。' } }],
  options: [EXPIRES],
  async run(given) {
    const expiresIn = given.options['expiresIn'] as never;
    const { data } = await given
      .client()
      .createKey({ params: { project: given.project, consumer: given.args[0]! }, body: expiresIn ? { expiresIn } : {} });
    showSecret(given, data.secret, data);
  },
};

const keyList: Verb = {
  name: 'key list',
  summary: { en: 'Lists keys.', zh: '列出密钥。' },
  arguments: [{ name: '[consumer]', help: { en: 'Only of this consumer.', zh: '仅此消费者。' } }],
  async run(given) {
    const [consumer] = given.args;
    given.out.list(
      (await given.client().listKeys({ params: { project: given.project }, query: { consumer } })).data.items,
      keyShape(given),
    );
  },
};

const keyRevoke: Verb = {
  name: 'key revoke',
  summary: { en: 'Revokes a key.', zh: '吊销密钥。' },
  arguments: [{ name: '<id>', help: { en: 'Id of the key (see key list).', zh: '密钥 id（见 key list）。' } }],
  async run(given) {
    const id = given.args[0]!;
    await given.confirm({ en: `revoke key ${id}`, zh: `吊销密钥 ${id}` });
    await given.client().revokeKey({ params: { project: given.project, id } });
    given.out.note({ en: 'Key {id} revoked.', zh: '已吊销密钥 {id}。' }, { id });
  },
};

const tokenShape = (given: Given): Shape<Token> => ({
  columns: [
    { title: { en: 'ID', zh: 'ID' }, value: (t) => t.id },
    { title: { en: 'NAME', zh: '名称' }, value: (t) => t.name },
    { title: { en: 'ROLE', zh: '角色' }, value: (t) => t.role },
    { title: { en: 'PROJECTS', zh: '项目' }, value: (t) => t.projects?.join(',') ?? '*' },
    { title: { en: 'EXPIRES (UTC)', zh: '过期（UTC）' }, value: (t) => given.out.time(t.expiresAt) },
    { title: { en: 'USED (UTC)', zh: '最近使用（UTC）' }, value: (t) => given.out.time(t.usedAt) },
    { title: { en: 'REVOKED (UTC)', zh: '吊销（UTC）' }, value: (t) => given.out.time(t.revokedAt) },
  ],
  name: (t) => t.id,
});

const tokenCreate: Verb = {
  name: 'token create',
  summary: { en: 'Creates an API token; shown once.', zh: '新建 API 令牌；只显示一次。' },
  arguments: [{ name: '<name>', help: { en: 'Name that stands in the audit log.', zh: '审计日志中显示的名称。' } }],
  options: [
    ROLE,
    EXPIRES,
    { flags: '--only-project <name>', many: true, help: { en: 'Limits it to this project; may be repeated.', zh: '仅限此项目，可重复。' } },
    {
      flags: '--permission <permission>',
      many: true,
      help: { en: 'Narrows it to this permission; may be repeated.', zh: '缩小到此权限，可重复。' },
    },
  ],
  async run(given) {
    const {
      role,
      onlyProject: projects,
      permission,
      expiresIn,
    } = given.options as { role: 'viewer'; onlyProject?: string[]; permission?: string[]; expiresIn?: never };
    const body = {
      name: given.args[0]!,
      role,
      ...(projects ? { projects } : {}),
      ...(permission ? { permissions: permission } : {}),
      ...(expiresIn ? { expiresIn } : {}),
    };
    const { data } = await given.client().createToken({ body });
    showSecret(given, data.secret, data);
  },
};

const tokenList: Verb = {
  name: 'token list',
  summary: { en: 'Lists API tokens.', zh: '列出 API 令牌。' },
  run: async (given) => given.out.list((await given.client().listTokens()).data.items, tokenShape(given)),
};

const tokenRevoke: Verb = {
  name: 'token revoke',
  summary: { en: 'Revokes an API token.', zh: '吊销 API 令牌。' },
  arguments: [{ name: '<id>', help: { en: 'Id of the token (see token list).', zh: '令牌 id（见 token list）。' } }],
  async run(given) {
    const id = given.args[0]!;
    await given.confirm({ en: `revoke token ${id}`, zh: `吊销令牌 ${id}` });
    await given.client().revokeToken({ params: { id } });
    given.out.note({ en: 'Token {id} revoked.', zh: '已吊销令牌 {id}。' }, { id });
  },
};

const userShape = (given: Given): Shape<User> => ({
  columns: [
    { title: { en: 'NAME', zh: '用户名' }, value: (u) => u.name },
    { title: { en: 'ROLE', zh: '角色' }, value: (u) => u.role },
    { title: { en: 'ENABLED', zh: '启用' }, value: (u) => u.enabled },
    { title: { en: 'LOCKED UNTIL (UTC)', zh: '锁定至（UTC）' }, value: (u) => given.out.time(u.lockedUntil) },
    { title: { en: 'CREATED (UTC)', zh: '创建（UTC）' }, value: (u) => given.out.time(u.createdAt) },
  ],
  name: (u) => u.name,
});

const USER = { name: '<name>', help: { en: 'Name of the user.', zh: '用户名。' } };

const userCreate: Verb = {
  name: 'user create',
  summary: { en: 'Creates a user.', zh: '新建用户。' },
  arguments: [USER],
  options: [ROLE, PASSWORD_FILE],
  async run(given) {
    const password = await given.secret({ en: 'Password of the new user', zh: '新用户的密码' });
    const { data } = await given.client().createUser({ body: { name: given.args[0]!, role: given.options['role'] as 'viewer', password } });
    given.out.list([data], userShape(given));
  },
};

const userList: Verb = {
  name: 'user list',
  summary: { en: 'Lists users.', zh: '列出用户。' },
  run: async (given) => given.out.list((await given.client().listUsers()).data.items, userShape(given)),
};

const userPassword: Verb = {
  name: 'user password',
  summary: { en: 'Sets a user’s password and ends their sessions.', zh: '重置用户密码并结束其会话。' },
  arguments: [USER],
  options: [PASSWORD_FILE],
  async run(given) {
    const password = await given.secret({ en: 'New password', zh: '新密码' });
    await given.client().resetUserPassword({ params: { name: given.args[0]! }, body: { password } });
    given.out.note({ en: 'Password of {name} changed.', zh: '已修改 {name} 的密码。' }, { name: given.args[0] });
  },
};

const userRole: Verb = {
  name: 'user role',
  summary: { en: 'Changes a user’s role.', zh: '修改用户角色。' },
  arguments: [USER, { name: '<role>', help: { en: 'admin or viewer.', zh: 'admin 或 viewer。' } }],
  async run(given) {
    const { data } = await given.client().setUserRole({ params: { name: given.args[0]! }, body: { role: given.args[1] as 'viewer' } });
    given.out.list([data], userShape(given));
  },
};

const userDelete: Verb = {
  name: 'user delete',
  summary: { en: 'Deletes a user; the last admin stays.', zh: '删除用户；最后一名管理员不可删除。' },
  arguments: [USER],
  async run(given) {
    const name = given.args[0]!;
    await given.confirm({ en: `delete user ${name}`, zh: `删除用户 ${name}` });
    await given.client().deleteUser({ params: { name } });
    given.out.note({ en: 'User {name} deleted.', zh: '已删除用户 {name}。' }, { name });
  },
};

/** The secret alone goes to stdout, so that it can be piped; what it is goes to stderr. */
function showSecret(given: Given, secret: string, whole: object): void {
  if (given.out.form === 'json' || given.out.form === 'yaml') return given.out.one(whole, { name: () => secret });
  given.out.text(secret);
  given.out.note({ en: 'Keep it now: it is not shown again.', zh: '请立即保存：之后不再显示。' });
}

export default [
  login,
  keyCreate,
  keyList,
  keyRevoke,
  tokenCreate,
  tokenList,
  tokenRevoke,
  userCreate,
  userList,
  userPassword,
  userRole,
  userDelete,
];
