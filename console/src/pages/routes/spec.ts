/** A Route's spec as these pages read it; the server's schema says the rest. */

export interface WrittenStep {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface RouteSpec {
  readonly match: {
    readonly hosts?: readonly string[];
    readonly paths: readonly string[];
    readonly methods?: readonly string[];
    /** Further conditions: header fields, queries, cookies, addresses, listeners. */
    readonly [condition: string]: unknown;
  };
  readonly upstream: string;
  readonly rewrite?: string;
  readonly auth?: readonly WrittenStep[];
  readonly policies?: readonly WrittenStep[];
}

/** Methods a call can be tried with. */
export const TRY_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** A path that the pattern takes, to begin with: `/crm/**` is `/crm/`, `/orders/{id}` is `/orders/1`. */
export function firstPath(pattern: string): string {
  return pattern.replace(/\*\*$/, '').replace(/\{[^{}]+\}/g, '1');
}
