/** Auth methods and policies by what people call them; an id that this build does not know stands as it is. */
import { useLanguage } from '../ui/language.tsx';
import { useComponents } from './components.ts';

/** The names of `types`, with `between` them; a dash for none. */
export function StepNames({ types, between }: { readonly types: readonly string[]; readonly between: string }) {
  const { say } = useLanguage();
  const { data = [] } = useComponents();
  const nameOf = (type: string): string => {
    const title = data.find(({ id, kind }) => id === type && (kind === 'policy' || kind === 'auth'))?.title;
    return title ? say(title) : type;
  };
  return <>{types.map(nameOf).join(between) || '—'}</>;
}
