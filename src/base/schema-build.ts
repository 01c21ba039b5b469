/**
 * Makes schemas as TypeBox describes them in types. Only its types are used: its code is 700 files, which every
 * process and every thread would load before it could do anything. A schema is a plain JSON Schema object; that a
 * member is optional is a hidden mark on it, which the object around it reads.
 */
import type * as TypeBox from 'typebox';

type Members = Readonly<Record<string, object>>;
type Options = Readonly<Record<string, unknown>>;

const OPTIONAL = '~optional';

/** The builders Weir uses, with TypeBox's signatures, so that `Static<typeof schema>` is the value's type. */
export const T = Object.freeze({
  String: (options?: Options) => ({ type: 'string', ...options }),
  Number: (options?: Options) => ({ type: 'number', ...options }),
  Integer: (options?: Options) => ({ type: 'integer', ...options }),
  Boolean: (options?: Options) => ({ type: 'boolean', ...options }),
  Null: (options?: Options) => ({ type: 'null', ...options }),
  Unknown: (options?: Options) => ({ ...options }),
  Literal: (value: string | number | boolean, options?: Options) => ({ type: typeof value, const: value, ...options }),
  Array: (items: object, options?: Options) => ({ type: 'array', items, ...options }),
  Union: (anyOf: readonly object[], options?: Options) => ({ anyOf, ...options }),
  Object: (properties: Members, options?: Options) => {
    const required = Object.keys(properties).filter((name) => !Object.hasOwn(properties[name]!, OPTIONAL));
    return { type: 'object', ...(required.length > 0 ? { required } : {}), properties, ...options };
  },
  Record: (key: { readonly pattern?: unknown }, value: object, options?: Options) => {
    const pattern = typeof key.pattern === 'string' ? key.pattern : '^.*$';
    return { type: 'object', patternProperties: { [pattern]: value }, ...options };
  },
  Optional: (schema: object) => mark(schema, OPTIONAL),
  Unsafe: (schema: object) => copy(schema),
}) as unknown as Pick<
  typeof TypeBox,
  | 'String'
  | 'Number'
  | 'Integer'
  | 'Boolean'
  | 'Null'
  | 'Unknown'
  | 'Literal'
  | 'Array'
  | 'Union'
  | 'Object'
  | 'Record'
  | 'Optional'
  | 'Unsafe'
>;

function mark(schema: object, name: string): object {
  return Object.defineProperty(copy(schema), name, { value: true, configurable: true, writable: true, enumerable: false });
}

/** Hidden marks go along; a spread loses them, which is what `{ ...schema }` means elsewhere. */
function copy(schema: object): object {
  return Object.defineProperties({}, Object.getOwnPropertyDescriptors(schema));
}
