/** Asks operations of a test control by their ids; every good answer is checked against its schema. */
import assert from 'node:assert/strict';
import { Compile } from 'typebox/compile';
import { operations } from '../generated/operations.ts';
import { API_PREFIX } from '../src/control/api/operation.ts';
import type { TestAnswer, TestControl } from './control-role.ts';

export interface AskOptions {
  readonly query?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  /** Secret of the token that asks; the administrator's when left out. */
  readonly as?: string;
}

export type Ask = (id: string, params?: Record<string, string>, options?: AskOptions) => Promise<TestAnswer>;

/** Makes the asker of `control`. */
export function asker(control: TestControl): Ask {
  return async (id, params = {}, { query = '', body, headers = {}, as = control.admin } = {}) => {
    const operation = operations.find((o) => o.id === id);
    assert.ok(operation, `there is no operation ${id}`);
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name]!));
    const answer = await control.request(operation.method, `${API_PREFIX}${path}${query}`, { as, body, headers });
    if (answer.status < 300 && answer.json !== undefined) {
      const errors = operation.response ? [...Compile(operation.response).Errors(answer.json)] : [{ message: 'no response schema' }];
      assert.deepEqual(errors, [], `${id}: ${answer.text.slice(0, 500)}`);
    }
    return answer;
  };
}

/** Applies documents and asserts that all were taken. */
export async function applyAll(ask: Ask, documents: string): Promise<void> {
  const answer = await ask('applyDocuments', {}, { body: documents });
  assert.equal(answer.json?.refused, false, answer.text);
}

/** A token that reaches only `project`. */
export async function tokenFor(ask: Ask, project: string, role = 'admin'): Promise<string> {
  const made = await ask('createToken', {}, { body: { name: `only-${project}-${role}`, role, projects: [project], expiresIn: '1h' } });
  assert.equal(made.status, 201, made.text);
  return made.json.secret as string;
}
