/** Why a call cannot be tried through the gateway. */
import { defineProblems } from '../../base/problem.ts';

export default defineProblems('core/try-call', {
  'no-gateway': {
    status: 503,
    title: { en: 'No gateway to call', zh: '没有可用的网关' },
    detail: {
      en: 'No gateway with a fixed port is connected to control; see `weir doctor`. With `gateway.port: 0` calls cannot be tried from here.',
      zh: '没有端口固定的网关连接到控制端，请运行 `weir doctor`。`gateway.port: 0` 时无法从此处试调用。',
    },
    retry: 'later',
  },
  'not-served': {
    status: 422,
    title: { en: 'No route of this project takes the request', zh: '本项目没有处理该请求的路由' },
    detail: { en: 'Project {project} serves no {method} {path}: {reason}', zh: '项目 {project} 不处理 {method} {path}：{reason}' },
  },
  'key-not-known': {
    status: 503,
    title: { en: 'The gateway is behind', zh: '网关尚未更新' },
    detail: {
      en: 'The gateway did not take in the newest revision within {seconds} s, so the call was not made; try again.',
      zh: '网关未在 {seconds} 秒内收到最新修订，调用未发出；请重试。',
    },
    retry: 'later',
  },
  'no-answer': {
    status: 504,
    title: { en: 'The gateway gave no whole answer', zh: '网关未给出完整应答' },
    detail: {
      en: 'The call was made, but no whole answer came in time; the call records say what the gateway saw.',
      zh: '调用已发出，但未在时限内收到完整应答；网关侧情况见调用记录。',
    },
  },
  busy: {
    status: 503,
    title: { en: 'Too many calls are being tried', zh: '试调用过多' },
    detail: { en: '{limit} calls are being tried at this moment; try again.', zh: '当前正在试 {limit} 个调用，请稍后重试。' },
    retry: 'later',
  },
});
