/** What can keep Weir from starting: each is one sentence with what to do. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/supervisor', {
  'data-folder': {
    status: 500,
    title: { en: 'Data folder cannot be used', zh: '数据目录无法使用' },
    detail: {
      en: 'The data folder {folder} cannot be used: {reason}. Make it writable for this user, or choose another with WEIR_DATA_DIR.',
      zh: '数据目录 {folder} 无法使用：{reason}。请让当前用户可写，或用 WEIR_DATA_DIR 指定其他目录。',
    },
  },
  'second-instance': {
    status: 409,
    title: { en: 'Another Weir uses this data folder', zh: '该数据目录正被另一个 Weir 使用' },
    detail: {
      en: 'Another Weir (process {pid}) already uses {folder}. Stop it, or give this one its own folder with WEIR_DATA_DIR.',
      zh: '另一个 Weir（进程 {pid}）正在使用 {folder}。请先停止它，或用 WEIR_DATA_DIR 另设目录。',
    },
  },
  'port-taken': {
    status: 409,
    title: { en: 'Port is taken', zh: '端口被占用' },
    detail: {
      en: 'Port {port} for the {role} is taken by {holder}. Stop that, or choose another port with {variable}.',
      zh: '{role} 的端口 {port} 已被 {holder} 占用。请停止占用者，或用 {variable} 换一个端口。',
    },
  },
  'port-refused': {
    status: 500,
    title: { en: 'Port cannot be opened', zh: '端口无法打开' },
    detail: {
      en: 'Port {port} on {host} for the {role} cannot be opened: {reason}. Choose another with {variable}.',
      zh: '{role} 无法在 {host} 上打开端口 {port}：{reason}。请用 {variable} 更换。',
    },
  },
  'bad-config': {
    status: 400,
    title: { en: 'Configuration is not valid', zh: '配置无效' },
    detail: { en: 'The configuration has {count} mistake(s).', zh: '配置中有 {count} 处错误。' },
  },
  'role-failed': {
    status: 500,
    title: { en: 'A role did not start', zh: '角色未能启动' },
    detail: { en: 'The {role} process did not start: {reason}', zh: '{role} 进程未能启动：{reason}' },
  },
});
