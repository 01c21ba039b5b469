/** What one can do with a pipeline. */
import { CaretRightOutlined } from '@ant-design/icons';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Button, Space } from 'antd';
import type { PipelineOverview } from '../../../../generated/client.ts';
import { api } from '../../api/client.ts';
import { useSession } from '../../api/session.tsx';
import { type CopyChoice, CopyMenu } from '../../data/copy-menu.tsx';
import { useStartRun, useTellFailure } from '../../data/use-run-actions.ts';
import { useSay } from '../../ui/language.tsx';
import { LinkButton } from '../../ui/link-button.tsx';

const texts = {
  run: { en: 'Run now', zh: '立即运行' },
  enable: { en: 'Enable', zh: '启用' },
  disable: { en: 'Disable', zh: '停用' },
  edit: { en: 'Edit', zh: '编辑' },
};

export function PipelineActions({ pipeline }: { readonly pipeline: PipelineOverview }) {
  const say = useSay();
  const session = useSession();
  const start = useStartRun();
  const change = useSwitch(pipeline);
  const { project, name, enabled, current, manager } = pipeline;
  const mayWrite = session.may('resources:write') && manager !== 'folder';
  return (
    <Space wrap>
      <CopyMenu choices={copiesOf(pipeline)} />
      {mayWrite ? <LinkButton to={`/resources/${project}/Pipeline/${name}`}>{say(texts.edit)}</LinkButton> : null}
      {mayWrite ? (
        <Button loading={change.isPending} onClick={() => change.mutate(!enabled)}>
          {say(enabled ? texts.disable : texts.enable)}
        </Button>
      ) : null}
      {session.may('runs:write') ? (
        <Button
          type="primary"
          icon={<CaretRightOutlined aria-hidden />}
          loading={start.isPending}
          disabled={!enabled || current !== null}
          onClick={() => start.mutate({ project, name })}
        >
          {say(texts.run)}
        </Button>
      ) : null}
    </Space>
  );
}

/** Switches it on or off; shows so at once, and takes it back when the server refuses. */
function useSwitch({ project, name }: PipelineOverview) {
  const queries = useQueryClient();
  const tell = useTellFailure();
  const key = ['pipeline', project, name];
  const params = { project, kind: 'Pipeline', name };
  return useMutation({
    mutationFn: (enabled: boolean) => (enabled ? api.enableResource({ params }) : api.disableResource({ params })),
    async onMutate(enabled) {
      await queries.cancelQueries({ queryKey: key });
      const before = queries.getQueryData<PipelineOverview>(key);
      if (before) queries.setQueryData<PipelineOverview>(key, { ...before, enabled, nextAt: null });
      return { before };
    },
    onError(error, _, kept) {
      if (kept?.before) queries.setQueryData(key, kept.before);
      tell(error);
    },
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
}

function copiesOf({ project, name }: PipelineOverview): readonly CopyChoice[] {
  const of = project === 'default' ? '' : ` --project ${project}`;
  return [
    {
      key: 'yaml',
      label: { en: 'As YAML', zh: '复制为 YAML' },
      text: async () => (await api.getResource({ params: { project, kind: 'Pipeline', name } })).data.text,
    },
    { key: 'run', label: { en: 'Command that runs it', zh: '运行命令' }, text: () => `weir run start ${name}${of} --wait` },
    { key: 'plan', label: { en: 'Command that plans it', zh: '查看计划的命令' }, text: () => `weir run plan ${name}${of}` },
    { key: 'get', label: { en: 'Command that prints it', zh: '输出定义的命令' }, text: () => `weir get Pipeline ${name}${of} -o yaml` },
  ];
}
