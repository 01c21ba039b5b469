/** Two texts side by side, or one text with what changed in it. The view comes in the editor's chunk. */
import { lazy, Suspense } from 'react';
import { Waiting } from '../ui/waiting.tsx';

const MergeText = lazy(() => import('./merge-text.tsx'));

export interface DiffProps {
  readonly before: string;
  readonly after: string;
  /** Name for assistive technology. */
  readonly label: string;
  readonly language?: 'yaml' | 'json' | 'sql' | 'text';
}

/** Shows what changed from `before` to `after`, unchanged stretches folded. */
export function DiffView(props: DiffProps) {
  return (
    <Suspense
      fallback={
        <div className="weir-editor">
          <Waiting />
        </div>
      }
    >
      <MergeText {...props} />
    </Suspense>
  );
}
