/** Names of members as `describe` and `calls get` show them to readers of Chinese; English readers see the API's own. */
import type { Language } from '../base/text.ts';

const CHINESE: Readonly<Record<string, string>> = {
  project: '项目',
  kind: '类型',
  name: '名称',
  manager: '管理者',
  labels: '标签',
  description: '说明',
  enabled: '启用',
  version: '版本',
  release: '发布',
  updatedBy: '修改者',
  status: '状况',
  state: '状态',
  reason: '原因',
  serving: '生效的发布',
  warnings: '警告',
  notes: '当前情况',
  listeners: '监听器',
  created: '创建时间（UTC）',
  updated: '修改时间（UTC）',
  usedBy: '被引用',
  id: '标识',
  time: '时间（UTC）',
  consumer: '消费者',
  clientAddress: '客户端地址',
  route: '路由',
  method: '方法',
  protocol: '协议',
  path: '路径',
  durationMs: '耗时（毫秒）',
  upstreamMs: '上游耗时（毫秒）',
  requestBytes: '请求字节',
  responseBytes: '应答字节',
  traceId: '跟踪标识',
  target: '目标',
  tries: '尝试次数',
  reused: '复用连接',
  phases: '各阶段',
};

/** The name of a member for people. What is a name of somebody's own, such as a label's, stays. */
export function memberName(key: string, language: Language): string {
  return (language === 'zh' && Object.hasOwn(CHINESE, key) ? CHINESE[key] : undefined) ?? key;
}
