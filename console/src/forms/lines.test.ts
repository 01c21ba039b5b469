// Aim: a step of a chain and the conditions of a route are told in words of their schemas, nothing of them left out.
// Method: a schema with every shape a policy has, and values of it; the lines are compared whole, in both languages.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linesOf, linesOfStep } from './lines.ts';
import type { JsonSchema } from './schema.ts';

const headers: JsonSchema = {
  type: 'object',
  'x-zh-title': '响应头',
  properties: {
    set: { type: 'object', 'x-zh-title': '设置', patternProperties: { '^[a-z-]+$': { type: 'string' } } },
    remove: { type: 'array', 'x-zh-title': '移除', items: { type: 'string' } },
  },
};
const step: JsonSchema = {
  anyOf: [
    { type: 'object', required: ['type'], properties: { type: { const: 'transform' }, response: headers } },
    {
      type: 'object',
      required: ['type'],
      properties: {
        type: { const: 'cache' },
        isPrivate: { type: 'boolean', 'x-zh-title': '私有' },
        rules: { type: 'array', items: headers },
      },
    },
  ],
};

test('nested parts are named from the outside in, and lists of plain values are one line', () => {
  const value = { type: 'transform', response: { remove: ['server', 'via'], set: { 'x-served-by': 'weir' } } };
  assert.deepEqual(linesOfStep(step, value, 'en'), [
    { label: 'Response › Set › x-served-by', text: 'weir' },
    { label: 'Response › Remove', text: 'server, via' },
  ]);
  assert.deepEqual(linesOfStep(step, value, 'zh'), [
    { label: '响应头 › 设置 › x-served-by', text: 'weir' },
    { label: '响应头 › 移除', text: 'server、via' },
  ]);
});

test('lists of objects are numbered, switches are words, and what no schema knows is kept', () => {
  const value = { type: 'cache', isPrivate: false, rules: [{ remove: ['a'] }, { remove: ['b'] }], later: 7 };
  assert.deepEqual(linesOfStep(step, value, 'en'), [
    { label: 'Is private', text: 'no' },
    { label: 'Rules › 1 › Remove', text: 'a' },
    { label: 'Rules › 2 › Remove', text: 'b' },
    { label: 'Later', text: '7' },
  ]);
});

test('before a schema is there, everything is told by its keys', () => {
  assert.deepEqual(linesOf(undefined, { limit: 5, window: '1m' }, 'en'), [
    { label: 'Limit', text: '5' },
    { label: 'Window', text: '1m' },
  ]);
  assert.deepEqual(linesOf(undefined, 'all', 'zh'), [{ label: '', text: 'all' }]);
});

test('the type of an alternative is told where nothing above names it', () => {
  const upstream: JsonSchema = { type: 'object', properties: { discovery: step, port: { type: 'integer', 'x-zh-title': '端口' } } };
  assert.deepEqual(linesOf(upstream, { port: 1, discovery: { type: 'cache', isPrivate: true } }, 'zh'), [
    { label: 'discovery › 类型', text: 'cache' },
    { label: 'discovery › 私有', text: '是' },
    { label: '端口', text: '1' },
  ]);
});
