/** Every verb, for the program and for the reference page. */
import type { Text } from '../../base/text.ts';
import type { Verb } from '../verb.ts';
import access from './access.ts';
import api from './api.ts';
import audit from './audit.ts';
import calls from './calls.ts';
import connections from './connections.ts';
import documents from './documents.ts';
import explain from './explain.ts';
import overview from './overview.ts';
import pipelines from './pipelines.ts';
import plan from './plan.ts';
import resources from './resources.ts';
import routes from './routes.ts';
import runs from './runs.ts';
import system from './system.ts';

/** All verbs. */
export const verbs: readonly Verb[] = [
  ...system,
  ...documents,
  ...resources,
  ...explain,
  ...routes,
  ...connections,
  ...pipelines,
  ...runs,
  ...plan,
  ...api,
  ...overview,
  ...calls,
  ...audit,
  ...access,
];

/** What a first word stands for, where verbs have two. */
export const GROUPS: Readonly<Record<string, Text>> = {
  connection: { en: 'Tries connections.', zh: '测试连接。' },
  route: { en: 'Routing of the gateway.', zh: '网关路由。' },
  api: { en: 'Data APIs.', zh: '数据 API。' },
  pipeline: { en: 'Pipelines.', zh: '管道。' },
  run: { en: 'Runs of pipelines.', zh: '管道运行。' },
  key: { en: 'API keys of consumers.', zh: '消费者的 API 密钥。' },
  token: { en: 'API tokens.', zh: 'API 令牌。' },
  user: { en: 'Users.', zh: '用户。' },
  sample: { en: 'The sample project.', zh: '示例项目。' },
  config: { en: 'Process configuration.', zh: '进程配置。' },
  incident: { en: 'Things an operator should look at.', zh: '需要运维关注的事件。' },
};
