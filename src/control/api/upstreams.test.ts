// Aim: who may read resources sees the targets of an upstream, nobody else does, and only what serves has any.
// Method: a real control role; a gateway thread's words over its line.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startTestControl, type TestControl } from '../../../test/control-role.ts';
import type { FromControl, ToControl } from '../../sdk/channel.ts';
import { API_PREFIX } from './operation.ts';

const UPSTREAM =
  'apiVersion: weir/v1\nkind: Upstream\nmetadata: { name: crm }\nspec: { targets: [{ host: 127.0.0.1, port: 9001 }, { url: "http://b", weight: 2 }] }\n';
const TARGET = {
  weight: 2,
  state: 'ok' as const,
  stateReason: '',
  stateSince: null,
  address: 'b:80',
  requests: 4,
  open: 2,
  idle: 1,
  failures: 2,
  failingSince: 20,
  lastSuccessAt: 10,
  lastFailureAt: 30,
  lastFailure: 'upstream-timeout',
};

let control: TestControl;
before(async () => void (control = await startTestControl()));
after(() => control.stop());

const at = (name: string, project = 'default') => `${API_PREFIX}/projects/${project}/upstreams/${name}/health`;

/** A gateway of two threads that says what it knows when it is asked. */
function gateway(): { asked: string[]; leave(): void } {
  const asked: string[] = [];
  let tell: (message: ToControl) => void = () => {};
  let close = () => {};
  control.connect({
    send(message: FromControl) {
      asked.push(message.type);
      return true;
    },
    onMessage: (handler) => void (tell = handler),
    onClose: (handler) => void (close = handler),
    close: () => {},
  });
  tell({ type: 'hello', role: 'gateway', instance: 'g1', pid: 1, revision: 0 });
  for (const thread of [0, 1])
    tell({ type: 'targets', thread, fresh: true, upstreams: [{ key: 'default/crm', targets: [TARGET], discoveryFailure: '' }] });
  return { asked, leave: () => close() };
}

test('the targets of an upstream in their order, summed, while its gateways are there', async () => {
  assert.equal((await control.request('POST', `${API_PREFIX}/apply`, { as: control.admin, body: UPSTREAM })).status, 200);
  const { asked, leave } = gateway();
  assert.ok(asked.includes('targets-wanted'));
  const { json, status } = await control.request('GET', at('crm'), { as: control.viewer });
  assert.equal(status, 200);
  assert.equal(json.threads, 2);
  assert.deepEqual(
    json.targets.map((t: typeof TARGET & { state: string; weight: number }) => [t.address, t.weight, t.state, t.requests, t.failures]),
    [
      ['127.0.0.1:9001', 1, 'unused', 0, 0],
      ['b:80', 2, 'failing', 8, 4],
    ],
  );
  leave();
  const { json: after } = await control.request('GET', at('crm'), { as: control.viewer });
  assert.deepEqual([after.threads, after.targets[1].state], [0, 'unused']);
});

test('nobody else sees them; one that is not there, or does not serve, has none', async () => {
  assert.equal((await control.request('GET', at('crm'))).status, 401);
  const token = await control.request('POST', `${API_PREFIX}/tokens`, {
    as: control.admin,
    body: { name: 'elsewhere', role: 'viewer', projects: ['other'], expiresIn: '1h' },
  });
  assert.equal(token.status, 201, token.text);
  assert.equal((await control.request('GET', at('crm'), { as: token.json.secret })).status, 403);
  assert.equal((await control.request('GET', at('none'), { as: control.viewer })).status, 404);
  const off = await control.request('POST', `${API_PREFIX}/projects/default/resources/Upstream/crm/disable`, { as: control.admin });
  assert.equal(off.status, 200, off.text);
  assert.deepEqual((await control.request('GET', at('crm'), { as: control.viewer })).json, {
    threads: 0,
    targets: [],
    discoveryFailure: null,
  });
});
