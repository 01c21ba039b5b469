/** What can keep somebody out, and what an administrator must not do. */
import { defineProblems } from '../../base/problem.ts';

export default defineProblems('core/access', {
  'login-failed': {
    status: 401,
    title: { en: 'Login failed', zh: '登录失败' },
    detail: { en: 'User name or password is wrong.', zh: '用户名或密码错误。' },
  },
  locked: {
    status: 429,
    retry: 'later',
    title: { en: 'Too many wrong passwords', zh: '密码错误次数过多' },
    detail: { en: 'Too many wrong passwords; try again in {seconds} s.', zh: '密码错误次数过多，请在 {seconds} 秒后重试。' },
  },
  'login-busy': {
    status: 503,
    retry: 'now',
    title: { en: 'Too many logins at once', zh: '同时登录人数过多' },
    detail: { en: 'Too many logins are being checked at this moment; try again.', zh: '当前正在校验的登录过多，请重试。' },
  },
  'weak-password': {
    status: 400,
    title: { en: 'Password is too weak', zh: '密码强度不足' },
    detail: {
      en: 'A password needs at least {least} characters, {different} of them different, and must not be the user’s name.',
      zh: '密码至少 {least} 个字符（其中至少 {different} 个不同），且不能与用户名相同。',
    },
  },
  'wrong-password': {
    status: 403,
    title: { en: 'Present password is wrong', zh: '原密码错误' },
    detail: { en: 'The present password is wrong; nothing was changed.', zh: '原密码错误，未作更改。' },
  },
  'no-such-user': {
    status: 404,
    title: { en: 'No such user', zh: '没有该用户' },
    detail: { en: 'There is no user {name}.', zh: '没有用户 {name}。' },
  },
  'user-exists': {
    status: 409,
    title: { en: 'User exists', zh: '用户已存在' },
    detail: { en: 'There is a user {name} already.', zh: '用户 {name} 已存在。' },
  },
  'no-such-consumer': {
    status: 404,
    title: { en: 'No such consumer', zh: '没有该消费者' },
    detail: {
      en: 'There is no Consumer {name} in project {project}; create it before its key.',
      zh: '项目 {project} 中没有消费者 {name}，请先创建。',
    },
  },
  'too-many': {
    status: 409,
    title: { en: 'Too many of them', zh: '数量过多' },
    detail: {
      en: '{limit} valid ones exist already, which is the most; revoke one first.',
      zh: '有效数量已达上限 {limit}，请先吊销一个。',
    },
  },
  'last-admin': {
    status: 409,
    title: { en: 'Last administrator', zh: '最后一名管理员' },
    detail: { en: '{name} is the last administrator; make another one first.', zh: '{name} 是最后一名管理员，请先指定另一名管理员。' },
  },
  'unknown-permission': {
    status: 400,
    title: { en: 'Unknown permission', zh: '未知权限' },
    detail: {
      en: '{permission} is no permission of the role {role}. It has: {known}.',
      zh: '{permission} 不是角色 {role} 的权限。可用：{known}。',
    },
  },
  'master-key': {
    status: 500,
    title: { en: 'Master key cannot be used', zh: '主密钥无法使用' },
    detail: {
      en: 'The master key {file} {reason}. Put back the key this installation was made with; without it its secrets cannot be read.',
      zh: '主密钥 {file} {reason}。请放回本安装最初使用的密钥，否则其中的机密无法读取。',
    },
  },
  'sealed-value': {
    status: 500,
    title: { en: 'Secret cannot be opened', zh: '机密无法解密' },
    detail: { en: 'A stored secret was changed, or was sealed under another key.', zh: '存储的机密被改动，或由其他密钥加密。' },
  },
});
