/** Logging in and out, and one's own password. */
import { help, strictObject, T } from '../../../base/schema.ts';
import { actorOf, csrfTokenOf, SESSION_COOKIE } from '../caller.ts';
import { defineOperation } from '../operation.ts';
import problems from '../problems.ts';
import { reply } from '../reply.ts';
import { named, oneOf, orNull, time } from '../shapes.ts';

const area = 'session';

const userName = () => T.String({ minLength: 1, maxLength: 100, ...help('Name of the user.', '用户名。') });
const password = (en: string, zh: string) => T.String({ minLength: 1, maxLength: 1000, 'x-secret': true, ...help(en, zh) });

const login = defineOperation({
  id: 'login',
  area,
  method: 'POST',
  path: '/session',
  summary: {
    en: 'Logs in; answers a session cookie and the CSRF token that changes must carry.',
    zh: '登录；返回会话 Cookie 以及修改请求须携带的 CSRF 令牌。',
  },
  access: 'public',
  body: strictObject({ name: userName(), password: password('Password.', '密码。') }),
  claims: ({ name }) => name,
  response: named('Login', strictObject({ name: T.String(), role: T.String(), csrfToken: T.String(), expiresAt: time() })),
  async handler(call, parts) {
    const from = { address: call.address, userAgent: (call.header('user-agent') ?? '').slice(0, 200) };
    const { session, expiresAt, user } = await parts.accounts.login(call.body.name, call.body.password, from);
    const maxAge = Math.max(1, Math.floor((expiresAt - parts.clock.now()) / 1000));
    const answer = { name: user.name, role: user.role, csrfToken: csrfTokenOf(session), expiresAt };
    return reply(answer, { headers: { 'set-cookie': cookie(session, maxAge, parts.secureCookie) } });
  },
});

const logout = defineOperation({
  id: 'logout',
  area,
  method: 'DELETE',
  path: '/session',
  summary: { en: 'Ends the session.', zh: '结束会话。' },
  access: 'signed-in',
  async handler(call, parts) {
    if (call.caller.session) await parts.accounts.logout(call.caller.session, actorOf(call));
    return reply(undefined, { headers: { 'set-cookie': cookie('', 0, parts.secureCookie) } });
  },
});

const whoami = defineOperation({
  id: 'whoami',
  area,
  method: 'GET',
  path: '/session',
  summary: { en: 'Says who is logged in and what they may do.', zh: '说明当前登录者及其权限。' },
  access: 'signed-in',
  response: named(
    'Whoami',
    strictObject({
      name: T.String(),
      kind: oneOf(['user', 'token', 'local-cli']),
      role: T.String(),
      permissions: T.Array(T.String()),
      projects: orNull(T.Array(T.String())),
      csrfToken: orNull(T.String()),
    }),
  ),
  async handler({ caller }) {
    const { name, role, kind, projects, session } = caller;
    if (kind === 'nobody') throw problems.raise.unauthenticated();
    return {
      name,
      role,
      kind,
      permissions: [...caller.permissions],
      projects: projects ? [...projects] : null,
      csrfToken: session ? csrfTokenOf(session) : null,
    };
  },
});

const changePassword = defineOperation({
  id: 'changePassword',
  area,
  method: 'POST',
  path: '/session/password',
  summary: { en: 'Changes one’s own password.', zh: '修改自己的密码。' },
  access: 'signed-in',
  body: strictObject({ before: password('The password so far.', '原密码。'), after: password('The new password.', '新密码。') }),
  async handler(call, parts) {
    if (call.caller.kind !== 'user') throw problems.raise['no-password']({ values: { name: call.caller.name } });
    await parts.accounts.changePassword(call.caller.name, call.body.before, call.body.after, actorOf(call));
    return reply(undefined);
  },
});

/** Not readable by scripts, not sent from other sites. Source: RFC 6265bis §5.2. */
function cookie(session: string, maxAgeSeconds: number, secure: boolean): string {
  return `${SESSION_COOKIE}=${session}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${maxAgeSeconds}${secure ? '; Secure' : ''}`;
}

export default [login, logout, whoami, changePassword];
