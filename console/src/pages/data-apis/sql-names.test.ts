/** Aim: parameters are found where the server finds them, names are written as SQL takes them. Method: templates with traps. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parameterNames, pathNames, quotedName } from './sql-names.ts';

test('names are quoted when they must be', () => {
  const names = ['orders', 'Order', 'order', 'a b', 'say"so', '客户', '1st', 'o_2'];
  assert.deepEqual(names.map(quotedName), ['orders', '"Order"', '"order"', '"a b"', '"say""so"', '"客户"', '"1st"', 'o_2']);
});

test('parameters are found with their lines, comments and texts are passed over', () => {
  const sql = `SELECT '#{no}', "x" -- #{not_here}
FROM t /* #{nor
here} */
<where> <if test="from != null and kind == 'a #{b}'"> d >= #{from} </if>
  AND id = #{ id } OR other = #{id} </where> LIMIT #{ 9bad }`;
  assert.deepEqual(parameterNames(sql), [
    { name: 'from', lines: [4] },
    { name: 'kind', lines: [4] },
    { name: 'id', lines: [5] },
  ]);
  assert.deepEqual(parameterNames('SELECT 1'), []);
});

test('parameters of the path', () => {
  assert.deepEqual(pathNames('/a/{id}/b/{other_id}/{}'), ['id', 'other_id']);
});
