/** Plans of pipelines that are not saved: both connections are asked for their schemas, the pipeline plane plans. */
import { Problem } from '../base/problem.ts';
import type { Connections } from '../connections/connections.ts';
import problems from '../control/api/problems.ts';
import type { PipelinePlans } from '../control/api/parts.ts';
import type { Publisher } from '../control/publish/publisher.ts';
import { DEFAULT_LIMITS } from '../pipeline/limits.ts';
import { createPipelinePlanner } from '../pipeline/planner.ts';
import pipelineProblems from '../pipeline/problems.ts';
import type { Connector } from '../sdk/connector.ts';
import type { StreamSchema } from '../sdk/record.ts';
import { compiledConnection } from './connections.ts';

/** Plans against the connections of the newest revision. A target that does not answer leaves its types open. */
export function createPlans(publisher: Publisher, connections: Connections): PipelinePlans {
  const planner = createPipelinePlanner(DEFAULT_LIMITS.streams);
  const within = async <V>(project: string, name: string, work: (connector: Connector, type: string) => Promise<V>): Promise<V> => {
    const compiled = compiledConnection(publisher, project, name);
    const connector = connections.open(compiled);
    try {
      return await work(connector, compiled.type);
    } finally {
      await connector.close();
    }
  };
  return {
    async plan(project, name, spec, signal) {
      const read = planner.read(spec);
      if (!read.ok)
        throw problems.raise['invalid-request']({ errors: read.errors.map((e) => ({ ...e, pointer: `/body/spec${e.pointer}` })) });
      const source = within(project, read.source, (connector, type) => {
        requireRole(connector.source, read.source, type, 'source');
        return connector.discover(signal);
      });
      const target = within(project, read.sink, async ({ sink, discover }, type) => {
        requireRole(sink, read.sink, type, 'sink');
        const typeOf = sink?.typeOf?.bind(sink);
        return { typeOf, namespace: sink?.namespace, ...(await orProblem(discover(signal))) };
      });
      const [streams, { typeOf, namespace, ...found }] = await Promise.all([source, target]);
      const plan = planner.plan(project, name, spec, { source: streams, target: found.target, typeOf, namespace });
      return { ...plan, targetProblem: found.problem };
    },
  };
}

function requireRole(side: object | undefined, connection: string, type: string, role: string): void {
  if (!side) throw pipelineProblems.raise['wrong-role']({ values: { connection, type, role } });
}

async function orProblem(work: Promise<readonly StreamSchema[]>): Promise<{ target?: readonly StreamSchema[]; problem?: Problem }> {
  try {
    return { target: await work };
  } catch (error) {
    if (error instanceof Problem) return { problem: error };
    throw error;
  }
}
