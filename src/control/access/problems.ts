/** What can go wrong with who may come in: logins, passwords, tokens, keys, and the installation's master key. */
import { defineProblems } from '../../base/problem.ts';

export default defineProblems('core/access', {
  'login-refused': {
    status: 401,
    title: { en: 'Login refused', zh: '登录被拒绝' },
    detail: { en: 'There is no user with this name and password, or the user is disabled. Check both.', zh: '用户名或密码不正确，或该用户已停用。请检查后重试。' },
  },
  locked: {
    status: 429, retry: 'later',
    title: { en: 'Too many failed logins', zh: '登录失败次数过多' },
    detail: { en: 'Too many logins failed here. Try again in {seconds} s.', zh: '登录失败次数过多，请在 {seconds} 秒后重试。' },
  },
  busy: {
    status: 503, retry: 'later',
    title: { en: 'Too many logins at once', zh: '同时登录过多' },
    detail: { en: 'More passwords than {limit} wait to be checked. Try again.', zh: '等待校验的密码超过 {limit} 个，请稍后重试。' },
  },
  'weak-password': {
    status: 422,
    title: { en: 'The password is too weak', zh: '密码强度不足' },
    detail: { en: 'The password {reason}. Choose another one.', zh: '密码不符合要求（{reason}），请更换。' },
  },
  'no-such-user': {
    status: 404,
    title: { en: 'No such user', zh: '用户不存在' },
    detail: { en: 'There is no user "{name}". `weir get users` lists them.', zh: '用户“{name}”不存在。可用 `weir get users` 查看。' },
  },
  'no-such-role': {
    status: 422,
    title: { en: 'No such role', zh: '角色不存在' },
    detail: { en: 'There is no role "{role}"; roles are: {known}.', zh: '角色“{role}”不存在，可用角色：{known}。' },
  },
  'no-such-permission': {
    status: 422,
    title: { en: 'No such permission', zh: '权限不存在' },
    detail: { en: 'The role "{role}" has no permission "{permission}"; it has: {known}.', zh: '角色“{role}”没有权限“{permission}”，可用权限：{known}。' },
  },
  'no-such-consumer': {
    status: 404,
    title: { en: 'No such consumer', zh: '消费者不存在' },
    detail: { en: 'There is no Consumer "{name}" in project "{project}". Create it before its key.', zh: '项目“{project}”中没有消费者“{name}”。请先创建消费者再创建密钥。' },
  },
  'too-many': {
    status: 409,
    title: { en: 'Too many of them', zh: '数量过多' },
    detail: { en: 'There are {limit} valid {what} already, which is the most. Revoke one first.', zh: '有效的 {what} 已达上限 {limit} 个，请先吊销一个。' },
  },
  'master-key-missing': {
    status: 500,
    title: { en: 'The master key is missing', zh: '主密钥缺失' },
    detail: {
      en: 'The store holds secrets, but there is no master key at {file}. Put the key back from your backup; without it the secrets cannot be read.',
      zh: '存储中有机密，但 {file} 处没有主密钥。请从备份恢复该文件；没有它无法读取机密。',
    },
  },
  'master-key-wrong': {
    status: 500,
    title: { en: 'The master key is the wrong one', zh: '主密钥不匹配' },
    detail: {
      en: 'The master key at {file} does not open this store. Put back the key that belongs to it; nothing was changed.',
      zh: '{file} 处的主密钥无法打开此存储。请恢复与之对应的主密钥；未做任何更改。',
    },
  },
  'master-key-exposed': {
    status: 500,
    title: { en: 'The master key can be read by others', zh: '主密钥可被他人读取' },
    detail: { en: '{file} has mode {mode} and owner {owner}. Run: chmod 600 {file}, and let it belong to the user Weir runs as.', zh: '{file} 的权限为 {mode}，所有者为 {owner}。请执行 chmod 600 {file}，并使其归运行 Weir 的用户所有。' },
  },
  'master-key-malformed': {
    status: 500,
    title: { en: 'The master key cannot be read', zh: '主密钥无法读取' },
    detail: { en: '{file} must hold lines of 32 bytes in base64 each, the newest key first.', zh: '{file} 每行应为 32 字节的 base64，最新密钥在首行。' },
  },
  'secret-unreadable': {
    status: 500,
    title: { en: 'A secret cannot be opened', zh: '机密无法解密' },
    detail: { en: 'A stored secret was changed, moved, or sealed with the key {key} that is not in the master key file. Write its value again.', zh: '存储的机密已被更改或移动，或其密钥 {key} 不在主密钥文件中。请重新写入其值。' },
  },
});
