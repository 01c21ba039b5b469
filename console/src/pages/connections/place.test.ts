/** Aim: a connection's place is said without anything secret in it. Pure input. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './place.ts';

test('a place is host, port and database, a file, or an address without its query', () => {
  assert.equal(placeOf({ type: 'postgres', host: 'db', port: 5432, database: 'erp', password: 'x' }), 'db:5432/erp');
  assert.equal(placeOf({ type: 'postgres', host: 'db', database: 'erp' }), 'db/erp');
  assert.equal(placeOf({ type: 'sqlite', file: 'shop.db' }), 'shop.db');
  assert.equal(placeOf({ type: 'csv', url: 'https://me:secret@files.example.test/a.csv?key=secret' }), 'files.example.test/a.csv');
  assert.equal(placeOf({ type: 'csv', url: '${env:URL}' }), '');
});
