/** A mark of how something is: always an icon and a word, never colour alone. */
import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  ExclamationCircleFilled,
  LoadingOutlined,
  MinusCircleOutlined,
  StopOutlined,
} from '@ant-design/icons';
import { theme } from 'antd';
import type { ReactNode } from 'react';

export type Tone = 'good' | 'bad' | 'warning' | 'going' | 'waiting' | 'off' | 'stopped';

const ICONS: Readonly<Record<Tone, ReactNode>> = {
  good: <CheckCircleFilled aria-hidden />,
  bad: <CloseCircleFilled aria-hidden />,
  warning: <ExclamationCircleFilled aria-hidden />,
  going: <LoadingOutlined aria-hidden />,
  waiting: <ClockCircleOutlined aria-hidden />,
  off: <MinusCircleOutlined aria-hidden />,
  stopped: <StopOutlined aria-hidden />,
};

/** Icon and word in the tone's colour. */
export function Mark({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }) {
  const { token } = theme.useToken();
  const colours: Record<Tone, string> = {
    good: token.colorSuccess,
    bad: token.colorError,
    warning: token.colorWarning,
    going: token.colorInfo,
    waiting: token.colorTextSecondary,
    off: token.colorTextSecondary,
    stopped: token.colorTextSecondary,
  };
  return (
    <span style={{ color: colours[tone], whiteSpace: 'nowrap' }} data-tone={tone}>
      {ICONS[tone]} <span>{children}</span>
    </span>
  );
}
