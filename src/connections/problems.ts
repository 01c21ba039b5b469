/** What can go wrong before a connector is even reached: configuration, addresses, files. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/connections', {
  'unknown-connector': {
    status: 422,
    retry: 'never',
    title: { en: 'No such connector', zh: '没有该连接器' },
    detail: {
      en: 'Connection "{name}" asks for connector "{type}", which is not here. Known are: {known}.',
      zh: '连接“{name}”使用的连接器“{type}”不存在。可用的有：{known}。',
    },
  },
  'bad-config': {
    status: 422,
    retry: 'never',
    title: { en: 'Connection is not valid', zh: '连接配置无效' },
    detail: { en: 'The configuration of connection "{name}" is not valid: {reason}.', zh: '连接“{name}”的配置无效：{reason}。' },
  },
  'host-unknown': {
    status: 502,
    retry: 'later',
    title: { en: 'Host name is not known', zh: '无法解析主机名' },
    detail: {
      en: 'The name "{host}" cannot be resolved: {reason}. Check its spelling and the name server.',
      zh: '无法解析“{host}”：{reason}。请检查拼写和 DNS。',
    },
  },
  'connection-refused-address': {
    status: 422,
    retry: 'never',
    title: { en: 'This address is not allowed', zh: '不允许的地址' },
    detail: {
      en: 'Weir does not connect to {host} ({address}, port {port}): {reason}.',
      zh: 'Weir 不连接 {host}（{address}，端口 {port}）：{reason}。',
    },
  },
  'file-missing': {
    status: 404,
    retry: 'later',
    title: { en: 'No such file', zh: '文件不存在' },
    detail: {
      en: 'The file "{file}" is in none of the folders of `files.roots`. Check its name and the folders.',
      zh: '“{file}”不在 `files.roots` 的任何目录中。请检查文件名和目录。',
    },
  },
  'file-refused': {
    status: 422,
    retry: 'never',
    title: { en: 'This file is not allowed', zh: '不允许的文件' },
    detail: { en: 'The file "{file}" is refused: {reason}.', zh: '拒绝访问文件“{file}”：{reason}。' },
  },
  'not-ready': {
    status: 404,
    title: { en: 'Connection is not ready', zh: '连接未就绪' },
    detail: {
      en: 'There is no connection "{name}" in this project that is ready to be used. Look at its status.',
      zh: '该项目中没有就绪的连接“{name}”。请查看其状态。',
    },
  },
  'no-such-stream': {
    status: 404,
    title: { en: 'No such stream', zh: '没有该流' },
    detail: { en: 'The connection has no stream "{stream}". Nearest: {hint}.', zh: '该连接没有流“{stream}”。最接近的是：{hint}。' },
  },
  'cannot-query': {
    status: 422,
    title: { en: 'Cannot be queried', zh: '不支持查询' },
    detail: {
      en: 'Connector "{type}" has no query side; data APIs need one that has (sqlite, postgres).',
      zh: '连接器“{type}”不支持查询；数据 API 需要 sqlite 或 postgres。',
    },
  },
  'check-timeout': {
    status: 504,
    retry: 'later',
    title: { en: 'The check took too long', zh: '检查超时' },
    detail: {
      en: 'The connection gave no answer in time. Check host, port and firewall.',
      zh: '连接未及时响应。请检查主机、端口和防火墙。',
    },
  },
  'too-many': {
    status: 503,
    retry: 'later',
    title: { en: 'Too many connections open', zh: '打开的连接过多' },
    detail: {
      en: '{count} connections are open, the most allowed. Close some or wait.',
      zh: '已打开 {count} 个连接，达到上限。请关闭一些或稍候。',
    },
  },
  'no-query-now': {
    status: 502,
    retry: 'later',
    title: { en: 'The database does not answer', zh: '数据库没有响应' },
    detail: {
      en: 'Connection "{name}" could not run the query: {reason}. Check the connection, then try again.',
      zh: '连接“{name}”无法执行查询：{reason}。请检查连接后重试。',
    },
  },
  'tries-busy': {
    status: 503,
    retry: 'later',
    title: { en: 'Too many queries are being tried', zh: '正在试运行的查询过多' },
    detail: {
      en: 'More than {limit} drafts are being tried at once; try again in a moment.',
      zh: '同时试运行的草稿超过 {limit} 个；请稍后重试。',
    },
  },
});
