/** Step 1: where rows come from. */
import { useSay } from '../../../ui/language.tsx';
import { useProject } from '../../../ui/project.tsx';
import { ConnectionChoice } from './connection-choice.tsx';
import { chosenName } from './draft.ts';
import type { Wizard } from './use-wizard.ts';

const texts = { label: { en: 'Connection to read from', zh: '读取数据的连接' } };

export function SourceStep({ wizard: { draft, change } }: { readonly wizard: Wizard }) {
  const say = useSay();
  const { project } = useProject();
  return (
    <ConnectionChoice
      role="source"
      label={say(texts.label)}
      project={project}
      value={draft.source}
      onChange={({ project: of, name }) => {
        if (name === draft.source && of === draft.project) return;
        // Another source has other streams; another project has other connections.
        const sink = of === draft.project ? draft.sink : '';
        change({ project: of, source: name, streams: [], patterns: [], choices: {}, sink, name: chosenName(draft) });
      }}
    />
  );
}
