/** What can go wrong on this side of the line. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/cli', {
  'bad-value': {
    status: 400,
    title: { en: 'Not understood', zh: '命令有误' },
    detail: { en: '"{value}" does not fit {what}; an example: {example}.', zh: '“{value}”不适用于 {what}；例如：{example}。' },
  },
  'not-a-draft': {
    status: 400,
    title: { en: 'Not one document of this kind', zh: '不是该类型的单个文档' },
    detail: {
      en: '{file} does not hold exactly one {kind} that can be read; see `weir validate`.',
      zh: '{file} 并非恰好包含一个可读取的 {kind}；请用 `weir validate` 检查。',
    },
  },
  'too-long': {
    status: 400,
    title: { en: 'Too much at once', zh: '内容过长' },
    detail: { en: '{what} is more than {limit}; give less at once.', zh: '{what} 超过 {limit}，请减少单次内容。' },
  },
  'nothing-named': {
    status: 400,
    title: { en: 'No documents named', zh: '未指定文档' },
    detail: { en: 'Name files or folders, or - for standard input.', zh: '请指定文件或目录，或用 - 表示标准输入。' },
  },
  'needs-yes': {
    status: 400,
    title: { en: 'Needs a confirmation', zh: '需要确认' },
    detail: { en: 'There is no terminal to ask on; add --yes to {what}.', zh: '没有可供询问的终端；如确认{what}，请加 --yes。' },
  },
  'not-confirmed': {
    status: 400,
    title: { en: 'Not confirmed', zh: '未确认' },
    detail: { en: 'Nothing was changed.', zh: '未做任何更改。' },
  },
  'needs-input': {
    status: 400,
    title: { en: 'Something is missing', zh: '缺少输入' },
    detail: { en: 'There is no terminal to ask for {what}; give {option}.', zh: '没有终端可输入{what}；请使用 {option}。' },
  },
  'no-credential': {
    status: 401,
    title: { en: 'No credential', zh: '没有凭证' },
    detail: {
      en: 'No credential for {server} was found: run `weir login --server {server}`, set WEIR_TOKEN, or give --token.',
      zh: '未找到 {server} 的凭证：请运行 `weir login --server {server}`、设置 WEIR_TOKEN 或使用 --token。',
    },
  },
  'token-twice': {
    status: 400,
    title: { en: 'Two tokens are given', zh: '给出了两个令牌' },
    detail: {
      en: 'WEIR_TOKEN and WEIR_TOKEN_FILE are both set: only one of them can give the token, remove the other.',
      zh: 'WEIR_TOKEN 与 WEIR_TOKEN_FILE 同时设置：只能由其中一个提供令牌，请移除另一个。',
    },
  },
  'token-file': {
    status: 400,
    title: { en: 'Token file gives no token', zh: '令牌文件未提供令牌' },
    detail: {
      en: 'WEIR_TOKEN_FILE names {file}, which gives no token ({reason}): correct it, or remove the variable to use another credential.',
      zh: 'WEIR_TOKEN_FILE 指定的 {file} 未提供令牌（{reason}）：请更正，或移除该变量以使用其他凭证。',
    },
  },
  unreachable: {
    status: 503,
    title: { en: 'Control does not answer', zh: '控制端无应答' },
    detail: {
      en: 'Nothing answers at {server} ({reason}). Start Weir with `weir up`; if it runs on another port, set WEIR_CONTROL_PORT here too or name the place with --server.',
      zh: '{server} 无应答（{reason}）。请用 `weir up` 启动 Weir；若其端口不同，请在此处同样设置 WEIR_CONTROL_PORT，或用 --server 指定地址。',
    },
  },
  'timed-out': {
    status: 504,
    title: { en: 'No answer in time', zh: '等待超时' },
    detail: {
      en: 'Not done within {timeout}; what was begun may still go on. Give a longer --timeout to wait for it.',
      zh: '{timeout} 内未完成；已开始的操作可能仍在进行。可用更长的 --timeout 等待。',
    },
  },
  unreadable: {
    status: 400,
    title: { en: 'A file cannot be read', zh: '文件无法读取' },
    detail: { en: '{file} cannot be read: {reason}', zh: '无法读取 {file}：{reason}' },
  },
  'nothing-there': {
    status: 404,
    title: { en: 'No documents', zh: '没有文档' },
    detail: { en: 'No .yaml, .yml or .json file was found under {where}.', zh: '{where} 下没有 .yaml、.yml 或 .json 文件。' },
  },
});
