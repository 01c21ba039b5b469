/**
 * What the fields of today's schemas are called in Chinese. A field without a name here shows the one it has in
 * documents, so an extension's form is complete without an entry; its help comes from its own schema.
 */
import type { Language } from '../ui/language.tsx';
import { variantName } from './fields.ts';
import { helpOf, type JsonSchema } from './schema.ts';

const texts = {
  plain: { en: 'Name only', zh: '仅名称' },
  withOptions: { en: 'With options', zh: '带选项' },
};

const CHINESE: Readonly<Record<string, string>> = {
  name: '名称',
  project: '项目',
  labels: '标签',
  description: '说明',
  enabled: '启用',
  type: '类型',
  file: '文件',
  url: '地址（URL）',
  authorization: '授权头',
  stream: '流',
  delimiter: '分隔符',
  quote: '引用符',
  encoding: '编码',
  nullText: '空值文本',
  columns: '列',
  rowMax: '单行上限',
  timeout: '超时',
  poolMax: '连接数上限',
  host: '主机',
  port: '端口',
  database: '数据库',
  user: '用户',
  password: '密码',
  tls: '加密（TLS）',
  zeroDates: '零日期',
  connectTimeout: '连接超时',
  mode: '模式',
  ca: 'CA 证书',
  lockTimeout: '锁等待',
  plan: '套餐',
  connection: '连接',
  path: '路径',
  parameters: '参数',
  sql: 'SQL',
  page: '分页',
  single: '单个对象',
  limits: '上限',
  auth: '认证方式',
  policies: '策略',
  in: '位置',
  schema: '模式',
  required: '必填',
  sort: '排序列',
  table: '表',
  sizeDefault: '默认每页行数',
  sizeMax: '每页行数上限',
  rows: '行数',
  bytes: '字节数',
  header: '请求头',
  query: '查询参数',
  algorithm: '算法',
  limit: '限额',
  window: '时间窗口',
  burst: '突发量',
  key: '键',
  request: '请求',
  response: '响应',
  rename: '重命名',
  remove: '移除',
  set: '设置',
  add: '添加',
  source: '源',
  sink: '目标',
  schedule: '调度',
  overlap: '重叠处理',
  retry: '重试',
  batch: '批大小',
  streams: '流',
  target: '目标表',
  write: '写入方式',
  adopt: '接管已有表',
  allowEmpty: '允许空结果',
  incremental: '增量',
  cursor: '游标列',
  lookback: '回看时长',
  prefix: '表名前缀',
  cron: 'Cron 表达式',
  timezone: '时区',
  attempts: '尝试次数',
  backoff: '重试间隔',
  backoffMax: '最大重试间隔',
  match: '匹配条件',
  upstream: '上游',
  rewrite: '路径改写',
  preserveHost: '保留 Host',
  keepCredential: '保留凭据',
  timeouts: '超时',
  bodyMax: '请求体上限',
  hosts: '主机名',
  paths: '路径',
  methods: '方法',
  connect: '建立连接',
  firstByte: '首字节',
  idle: '空闲时长',
  value: '值',
  targets: '目标地址',
  connectionsMax: '连接数上限',
  weight: '权重',
  displayName: '显示名',
  role: '角色',
  language: '语言',
};

const ENGLISH: Readonly<Record<string, string>> = {
  url: 'URL',
  sql: 'SQL',
  tls: 'TLS',
  ca: 'CA certificate',
  in: 'Taken from',
  auth: 'Authentication',
};

/** A field's name for people: `poolMax` is "Pool max" and 连接数上限. */
export function nameOf(name: string, language: Language): string {
  if (language === 'zh') return Object.hasOwn(CHINESE, name) ? CHINESE[name]! : name;
  if (Object.hasOwn(ENGLISH, name)) return ENGLISH[name]!;
  const words = name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const SHORT = 30;

/** What an alternative is called: the words of its type where they are few, else its own name. */
export function variantLabel(variant: JsonSchema, language: Language): string {
  const type = variant.properties?.['type'];
  const words = type ? helpOf(type, language) : undefined;
  if (words !== undefined && words.length <= SHORT) return words;
  if (variant.const !== undefined || type?.const !== undefined) return variantName(variant);
  if (variant.type === 'string') return texts.plain[language];
  const name = variantName(variant);
  return name === 'name' ? texts.withOptions[language] : nameOf(name, language);
}
