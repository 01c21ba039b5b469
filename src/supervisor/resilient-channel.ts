/**
 * A role's line to control that survives control's restarts: it dials again and repeats the role's
 * hello with the revision the role holds by then, so control sends only what is missing.
 */
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { ControlChannel, FromControl, ToControl } from '../sdk/channel.ts';
import { keepConnected } from './channel.ts';

type Hello = Extract<ToControl, { type: 'hello' }>;

/** Dials `path` for ever. `send` answers false while control is away; nothing is queued. */
export function resilientChannel(path: string, clock: Clock, log: Log): ControlChannel {
  let line: ControlChannel | undefined;
  let handler: (message: FromControl) => void = () => {};
  let hello: Hello | undefined;
  const greet = () => {
    if (line && hello) line.send(hello);
  };
  const cancel = keepConnected<FromControl, ToControl>(
    path,
    (next) => {
      line = next;
      next.onClose(() => {
        if (line === next) line = undefined;
      });
      next.onMessage((message) => {
        if (message.type === 'revision' && hello) hello = { ...hello, revision: message.delta.to, hash: message.delta.hash };
        handler(message);
      });
      greet();
    },
    clock,
    log,
  );
  return {
    send(message) {
      if (message.type === 'hello') {
        hello = message;
        greet();
        return line !== undefined;
      }
      return line?.send(message) ?? false;
    },
    onMessage: (next) => void (handler = next),
    onClose: () => {}, // This line never closes by itself.
    close: cancel,
  };
}
