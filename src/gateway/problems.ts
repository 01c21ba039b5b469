/** What the gateway itself can say to a caller. Hosts, SQL and stacks never stand in these texts. */
import { defineProblems } from '../base/problem.ts';

export default defineProblems('core/gateway', {
  'route-not-found': {
    status: 404,
    title: { en: 'No such route', zh: '没有匹配的路由' },
    detail: {
      en: 'No route answers this host and path. Check the path, or publish a route for it.',
      zh: '没有路由匹配该主机和路径。请检查路径，或发布相应的路由。',
    },
  },
  'method-not-allowed': {
    status: 405,
    title: { en: 'Method not allowed', zh: '不允许的请求方法' },
    detail: { en: 'This path does not take {method}; it takes {allow}.', zh: '该路径不接受 {method}，可用：{allow}。' },
  },
  'path-refused': {
    status: 400,
    title: { en: 'Path refused', zh: '拒绝该路径' },
    detail: {
      en: 'No route can have this path, or it can be read in more than one way ({fault}). Send it with a "/" in front and without dot segments, "//", backslashes, bad escapes and ";".',
      zh: '该路径不可能属于任何路由，或存在歧义（{fault}），已拒绝。请以“/”开头，并去掉点段、“//”、反斜杠、编码的斜杠、错误的百分号编码和“;”。',
    },
  },
  'credential-missing': {
    status: 401,
    title: { en: 'Credential missing', zh: '缺少凭证' },
    detail: {
      en: 'This route asks who you are: send a credential by one of: {methods}.',
      zh: '该路由需要身份凭证，可用方式：{methods}。',
    },
  },
  'consumer-disabled': {
    status: 403,
    title: { en: 'Consumer disabled', zh: '消费者已停用' },
    detail: {
      en: 'The credential belongs to a consumer that is switched off. Ask its owner to enable it.',
      zh: '该凭证所属的消费者已停用，请联系管理员启用。',
    },
  },
  'upstream-missing': {
    status: 503,
    title: { en: 'Upstream not available', zh: '上游不可用' },
    detail: {
      en: 'The route points to an upstream that is not configured now. Try again later.',
      zh: '该路由指向的上游当前未配置，请稍后重试。',
    },
    retry: 'later',
  },
  'listen-failed': {
    status: 500,
    title: { en: 'Cannot listen', zh: '无法监听' },
    detail: {
      en: 'The gateway cannot listen on {host}:{port} ({reason}). Free the port, or set another with WEIR_GATEWAY_PORT.',
      zh: '网关无法监听 {host}:{port}（{reason}）。请释放端口，或用 WEIR_GATEWAY_PORT 指定其他端口。',
    },
  },
  'dataapi-unavailable': {
    status: 503,
    title: { en: 'Data API not available', zh: '数据 API 不可用' },
    detail: { en: 'The data API cannot be served at the moment. Try again in a moment.', zh: '数据 API 暂时无法提供，请稍后重试。' },
    retry: 'later',
  },
});
