/**
 * What a page is: a folder with a `page.ts` that exports one of these as default. The router, the navigation and the
 * command palette find pages by themselves; nothing else is to be edited.
 */
import type { ComponentType } from 'react';
import type { Text } from '../ui/language.tsx';

/** Groups of the navigation, in this order. */
export const GROUPS = ['start', 'data', 'gateway', 'operate', 'settings'] as const;

export interface Page {
  /** Path with parameters, `/runs/$id`. */
  readonly path: string;
  readonly title: Text;
  /** Loads the component; its own chunk. */
  readonly load: () => Promise<{ default: ComponentType }>;
  /** Where it stands in the navigation; a page without it is reached by links. */
  readonly nav?: {
    readonly group: (typeof GROUPS)[number];
    readonly order: number;
    readonly icon: ComponentType<{ 'aria-hidden'?: boolean }>;
    /** Second key after `g`, as in `g r`. */
    readonly key?: string;
  };
  /** Other words people look for it by. */
  readonly words?: Text;
  /** Permission without which it is not offered. */
  readonly permission?: string;
}

/** Declares a folder's page, or several. */
export function definePages(...pages: Page[]): readonly Page[] {
  return pages;
}

const found = import.meta.glob<{ default: readonly Page[] }>('./*/page.ts', { eager: true });

/** Every page of the console. */
export const pages: readonly Page[] = Object.values(found).flatMap((file) => file.default);
