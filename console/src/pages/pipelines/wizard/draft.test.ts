/** Aim: the wizard's draft makes the Pipeline that was chosen, and a kept draft of another shape is not taken. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosenName, documentOf, emptyDraft, furthestStep, nameOf, readDraft, specOf, type WizardDraft } from './draft.ts';

const draft = (parts: Partial<WizardDraft>): WizardDraft => ({ ...emptyDraft('default', 'Asia/Shanghai'), ...parts });

test('the simplest draft says only what was chosen', () => {
  const simple = draft({ source: 'erp', streams: ['public.orders'], sink: 'warehouse' });
  assert.deepEqual(specOf(simple), {
    source: { connection: 'erp', streams: ['public.orders'] },
    sink: { connection: 'warehouse', write: 'upsert' },
  });
});

test('choices of a stream stand before the patterns that would take it', () => {
  const choices = {
    'public.orders': { mode: 'incremental', cursor: 'updated_at' },
    'public.log': { mode: 'full', write: 'append', key: [] },
    'public.plain': {},
  } as const;
  const rich = draft({ source: 'erp', streams: ['public.orders'], patterns: ['public.*'], sink: 'warehouse', schema: 'ods', choices });
  assert.deepEqual((specOf(rich)['source'] as { streams: unknown }).streams, [
    { name: 'public.orders', mode: { incremental: { cursor: 'updated_at' } } },
    { name: 'public.log', mode: 'full', write: 'append' },
    'public.*',
  ]);
  const only = draft({ source: 'erp', streams: ['public.orders'], sink: 'warehouse', choices });
  assert.equal((specOf(only)['source'] as { streams: unknown[] }).streams.length, 1);
});

test('schedule, project and description come in when they say something', () => {
  const all = draft({ cron: '*/5 * * * *', name: 'a', description: 'b', project: 'crm' });
  const { metadata, spec } = documentOf(all) as { metadata: unknown; spec: Record<string, unknown> };
  assert.deepEqual(metadata, { name: 'a', project: 'crm', description: 'b' });
  assert.deepEqual(spec['schedule'], { cron: '*/5 * * * *', timezone: 'Asia/Shanghai' });
});

test('a kept draft comes back; a broken or foreign one does not', () => {
  const kept = draft({ source: 'erp', streams: ['a'] });
  assert.deepEqual(readDraft(JSON.stringify(kept)), kept);
  for (const text of [null, '', '{', 'null', '{}', JSON.stringify({ ...kept, streams: 'a' }), JSON.stringify({ ...kept, cron: 5 })])
    assert.equal(readDraft(text), undefined, String(text));
});

test('a step opens when those before it are done', () => {
  assert.deepEqual(
    [{}, { source: 'a' }, { source: 'a', patterns: ['*'] }, { source: 'a', streams: ['s'], sink: 'b' }].map((p) => furthestStep(draft(p))),
    [0, 1, 2, 5],
  );
});

test('a name that was offered goes with the source and target it was made of; one that was typed stays', () => {
  assert.equal(nameOf({ source: 'erp', sink: 'warehouse' }), 'erp-to-warehouse');
  assert.equal(nameOf({ source: 'e'.repeat(59), sink: 'warehouse' }).length <= 63, true);
  const named = (name: string) => chosenName(draft({ source: 'erp', sink: 'warehouse', name }));
  assert.deepEqual(['', 'erp-to-warehouse', 'erp-to-warehouse-3', 'mine'].map(named), ['', '', '', 'mine']);
});
