/** For this folder's tests: a client of HTTP/2 that sends whatever frames it is told to, and tells what came back. */
import { connect, type Socket } from 'node:net';
import { eventually } from '../http/fixture.ts';

export const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** Makes a frame. Source: RFC 9113 §4.1. */
export function frame(type: number, flags: number, stream: number, payload: Buffer | string = Buffer.alloc(0)): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, bytes]);
}

/** A header block of literals, nothing compressed. Source: RFC 7541 §6.2.2. */
export function block(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]));
}

/** The code of a reset. */
export function code(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const prefix = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) prefix.push((rest & 127) | 128);
  return Buffer.concat([Buffer.from([...prefix, rest]), bytes]);
}

/** A connection that has sent its preface and settings. */
export class FrameTalk {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isEnded = false;
  private bytes: Buffer = Buffer.alloc(0);

  constructor(port: number, preface = PREFACE) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.socket.on('error', () => {});
    this.socket.on('close', () => void (this.isEnded = true));
    this.socket.on('data', (piece) => this.read(piece as Buffer));
    if (preface !== '') this.socket.write(Buffer.concat([Buffer.from(preface, 'latin1'), frame(FRAME.settings, 0, 0)]));
  }

  send(...frames: readonly Buffer[]): this {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
    return this;
  }

  /** Waits for a frame of a type on a stream. */
  async next(type: number, stream: number): Promise<Frame> {
    const find = () => this.frames.find((one) => one.type === type && one.stream === stream);
    await eventually(() => find() !== undefined || this.isEnded, `a frame of type ${type} on stream ${stream}`);
    const found = find();
    if (!found) throw new Error(`the connection ended; frames: ${this.frames.map((one) => `${one.type}/${one.stream}`).join(' ')}`);
    return found;
  }

  /** Waits until the connection ends. */
  ended(): Promise<void> {
    return eventually(() => this.isEnded, 'the connection ended');
  }

  close(): void {
    this.socket.destroy();
  }

  private read(piece: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, piece]);
    while (this.bytes.length >= 9) {
      const length = this.bytes.readUIntBE(0, 3);
      if (this.bytes.length < 9 + length) return;
      const { bytes } = this;
      this.frames.push({ type: bytes[3]!, flags: bytes[4]!, stream: bytes.readUInt32BE(5), payload: bytes.subarray(9, 9 + length) });
      this.bytes = bytes.subarray(9 + length);
    }
  }
}
