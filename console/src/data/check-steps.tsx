/** The steps of a connection's check: each with its time, the failing one with what to do. */
import { Alert } from 'antd';
import type { CheckStep, ConnectionCheck } from '../../../generated/client.ts';
import { useFormats } from '../ui/format.tsx';
import { type Text, useSay } from '../ui/language.tsx';
import { Mark } from '../ui/status.tsx';

const texts = {
  good: { en: 'The connection works', zh: '连接正常' },
  bad: { en: 'The check stopped at: {step}', zh: '检查停在：{step}' },
  steps: { en: 'Steps of the check', zh: '检查步骤' },
  next: { en: 'What to do', zh: '处理方法' },
  trying: { en: 'Trying …', zh: '正在检查…' },
};

const STEPS: Readonly<Record<CheckStep['step'], { readonly title: Text; readonly next: Text }>> = {
  path: {
    title: { en: 'File or address', zh: '文件或地址' },
    next: {
      en: 'Check the name of the file, and that its folder stands in files.roots of the configuration.',
      zh: '请检查文件名，并确认其目录已列入配置的 files.roots。',
    },
  },
  dns: {
    title: { en: 'Host name', zh: '主机名解析' },
    next: {
      en: 'Check the spelling of the host, and that Weir’s machine can resolve it.',
      zh: '请检查主机名拼写，并确认 Weir 所在机器能解析它。',
    },
  },
  tcp: {
    title: { en: 'Network', zh: '网络连接' },
    next: {
      en: 'Check the port, that the server runs and listens there, and firewalls in between.',
      zh: '请检查端口、服务器是否在该端口监听，以及中间的防火墙。',
    },
  },
  tls: {
    title: { en: 'Encryption (TLS)', zh: '加密（TLS）' },
    next: {
      en: 'Check the TLS mode, the certificate’s name and its authority (ca).',
      zh: '请检查 TLS 模式、证书名称及其颁发机构（ca）。',
    },
  },
  login: {
    title: { en: 'Login', zh: '登录' },
    next: {
      en: 'Check user, password and database, and that the server lets this user in from Weir’s machine.',
      zh: '请检查用户、密码和数据库，以及服务器是否允许该用户从 Weir 所在机器登录。',
    },
  },
  grant: {
    title: { en: 'Rights', zh: '权限' },
    next: { en: 'Grant the login what the text names, then check again.', zh: '请授予该用户上文所述权限，然后重新检查。' },
  },
};

/** The steps done so far in a check that is over; a mark while one goes on. */
export function CheckSteps({ check, isTrying }: { readonly check: ConnectionCheck | undefined; readonly isTrying: boolean }) {
  const say = useSay();
  if (isTrying) {
    return (
      <div role="status">
        <Mark tone="going">{say(texts.trying)}</Mark>
      </div>
    );
  }
  if (!check) return null;
  const failed = check.steps.find(({ ok }) => !ok);
  return (
    <div style={{ display: 'grid', gap: 12 }}>
      {failed ? (
        <Alert
          type="error"
          showIcon
          role="alert"
          title={say(texts.bad, { step: say(STEPS[failed.step].title) })}
          description={
            <>
              <div style={{ overflowWrap: 'anywhere' }}>{failed.detail}</div>
              <div style={{ marginBlockStart: 4 }}>
                {say(texts.next)}: {say(STEPS[failed.step].next)}
              </div>
            </>
          }
        />
      ) : (
        <Alert type="success" showIcon role="status" title={say(texts.good)} />
      )}
      <ol aria-label={say(texts.steps)} className="weir-steps">
        {check.steps.map((step, index) => (
          <Step key={`${index}${step.step}`} step={step} />
        ))}
      </ol>
    </div>
  );
}

function Step({ step }: { readonly step: CheckStep }) {
  const say = useSay();
  const formats = useFormats();
  return (
    <li>
      <Mark tone={step.ok ? (step.warning ? 'warning' : 'good') : 'bad'}>{say(STEPS[step.step].title)}</Mark>
      <span className="weir-quiet">{formats.duration(step.ms)}</span>
      <span>
        {step.detail}
        {step.warning ? <div className="weir-quiet">{step.warning}</div> : null}
      </span>
    </li>
  );
}
