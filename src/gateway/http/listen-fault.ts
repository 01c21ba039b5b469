/** Why an address cannot be listened on, in words for the operator. */
import { type Text, tell, verbatim } from '../../base/text.ts';

const FAULTS: Readonly<Record<string, Text>> = {
  EADDRINUSE: {
    en: '{address} port {port} is taken by another program: stop it, or choose another port',
    zh: '{address} 的端口 {port} 已被其他程序占用：请停止该程序或换用其他端口',
  },
  EACCES: {
    en:
      'no permission to listen on port {port} of {address}: ports below 1024 need CAP_NET_BIND_SERVICE ' +
      '(or net.ipv4.ip_unprivileged_port_start)',
    zh: '没有权限监听 {address} 的端口 {port}：1024 以下的端口需要 CAP_NET_BIND_SERVICE（或调整 net.ipv4.ip_unprivileged_port_start）',
  },
  EADDRNOTAVAIL: { en: 'this machine does not have the address {address}', zh: '本机没有地址 {address}' },
  EAFNOSUPPORT: { en: 'this machine does not support the kind of address of {address}', zh: '本机不支持 {address} 这类地址' },
};
const OTHER: Text = { en: '{address} port {port} cannot be opened ({reason})', zh: '无法打开 {address} 的端口 {port}（{reason}）' };
const OWN_PORT: Text = { en: 'port {port} belongs to Weir itself: choose another', zh: '端口 {port} 由堰自身使用：请换用其他端口' };
const CLAIMED: Text = {
  en: 'the listener "{name}" has {address} port {port}: choose another port',
  zh: '监听器“{name}”已使用 {address} 的端口 {port}：请换用其他端口',
};

/** The words for an error of `listen`. */
export function listenFault(error: unknown, address: string, port: number): Text {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return tell(FAULTS[code] ?? OTHER, { address, port, reason: verbatim(code || String(error)) });
}

/** The words for a port of control or of the process configuration's listener. */
export function ownPort(port: number): Text {
  return tell(OWN_PORT, { port });
}

/** The words for an address another listener has. */
export function claimed(name: string, address: string, port: number): Text {
  return tell(CLAIMED, { name, address, port });
}
