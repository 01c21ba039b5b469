/** The members of a DataApi's document that the pages read. Pure. */

export interface ParameterSpec {
  readonly in?: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Readonly<Record<string, unknown>>;
}

/** The members of a DataApi's spec that the pages read; whatever a person wrote may be missing or of another type. */
export interface ApiSpec {
  readonly connection?: string;
  readonly path?: string;
  readonly sql?: string;
  readonly single?: boolean;
  readonly parameters?: Readonly<Record<string, ParameterSpec>>;
  readonly page?: { readonly sort?: readonly string[]; readonly sizeDefault?: number; readonly sizeMax?: number; readonly table?: string };
  readonly limits?: { readonly rows?: number; readonly bytes?: string | number; readonly timeout?: string | number };
  readonly auth?: readonly { readonly type: string; readonly header?: string }[];
}

/** Header field of the key; undefined for an API that is open to everybody. */
export function keyHeaderOf(spec: ApiSpec): string | undefined {
  const found = spec.auth?.find(({ type }) => type === 'api-key');
  return found && (found.header ?? 'x-api-key');
}
