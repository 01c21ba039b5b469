/** Aim: what somebody wrote about an API makes no element on the page that shows it. Method: a document in, its copy out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutHtml } from './shown-document.ts';

test('descriptions keep their words and Markdown, and hold no tag', () => {
  const operation = { summary: 'a < b', description: '<img src=x onerror=alert(1)> of `orders`', parameters: [{ description: '<b>' }] };
  assert.deepEqual(withoutHtml({ paths: { '/x': { get: operation } }, servers: null }), {
    paths: {
      '/x': {
        get: { summary: 'a < b', description: '&lt;img src=x onerror=alert(1)> of `orders`', parameters: [{ description: '&lt;b>' }] },
      },
    },
    servers: null,
  });
});

test('a column called description is a schema, and data stays as it is', () => {
  const schema = { properties: { description: { type: 'string', description: 'x<y' } }, example: { description: '<b>' } };
  assert.deepEqual(withoutHtml(schema), {
    properties: { description: { type: 'string', description: 'x&lt;y' } },
    example: { description: '<b>' },
  });
});
