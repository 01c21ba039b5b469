/** One call as code in four languages, each with a button to copy it. */
import { CopyOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { App, Button, Tabs } from 'antd';
import { api } from '../api/client.ts';
import { useSay } from '../ui/language.tsx';
import { CODE_LANGUAGES, callCode, type CodeLanguage } from './call-code.ts';

const texts = {
  copy: { en: 'Copy', zh: '复制' },
  copied: { en: 'Copied', zh: '已复制' },
  failed: { en: 'The browser did not allow copying; select the text instead.', zh: '浏览器不允许复制，请手动选择文本。' },
};

const NAMES: Readonly<Record<CodeLanguage, string>> = { curl: 'curl', javascript: 'JavaScript', python: 'Python', java: 'Java' };
const KEY = 'YOUR_API_KEY';

interface Props {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly keyHeader: string | undefined;
  readonly body?: string;
}

/** Draws the tabs; the gateway is taken to be on the host the console was loaded from. */
export function CallCode({ method, path, headers, keyHeader, body = '' }: Props) {
  const { data } = useQuery({
    queryKey: ['version'],
    queryFn: async () => (await api.getVersion({})).data,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const url = `http://${location.hostname}:${data?.gatewayPort ?? 8080}${path}`;
  const all = keyHeader === undefined ? headers : [{ name: keyHeader, value: KEY }, ...headers];
  const items = CODE_LANGUAGES.map((language) => {
    const code = callCode(language, { method, url, headers: all, body });
    return { key: language, label: NAMES[language], children: <Code name={NAMES[language]} code={code} /> };
  });
  return <Tabs size="small" items={items} />;
}

function Code({ name, code }: { readonly name: string; readonly code: string }) {
  const say = useSay();
  const { message } = App.useApp();
  const copy = () =>
    navigator.clipboard.writeText(code).then(
      () => message.success(say(texts.copied)),
      () => message.warning(say(texts.failed)),
    );
  return (
    <div style={{ display: 'flex', gap: 8, alignItems: 'flex-start' }}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre className="weir-code" tabIndex={0} role="region" aria-label={name}>
        {code}
      </pre>
      <Button size="small" icon={<CopyOutlined aria-hidden />} onClick={() => void copy()}>
        {say(texts.copy)}
      </Button>
    </div>
  );
}
