/**
 * Messages of a channel as bytes. A frame is four bytes of length (all numbers big endian) and that many bytes: the length of the
 * JSON, the JSON, then each of the message's `bytes`, its length before it.
 */

const FRAME_BYTES_MAX = 256 * 2 ** 20;

/** What of a message does not travel as JSON. */
interface WithBytes {
  readonly bytes?: readonly Uint8Array[];
}

/** The parts of a message's frame, to be written one after the other; its `bytes` are among them as they are. */
export function encodeFrame(message: object): readonly Uint8Array[] {
  const { bytes = [] } = message as WithBytes;
  const json = Buffer.from(JSON.stringify(bytes.length > 0 ? { ...message, bytes: undefined } : message), 'utf8');
  const head = Buffer.allocUnsafe(8 + json.length);
  head.writeUInt32BE(bytes.reduce((sum, part) => sum + 4 + part.length, 4 + json.length));
  head.writeUInt32BE(json.length, 4);
  json.copy(head, 8);
  return [head, ...bytes.flatMap((part) => [lengthOf(part), part])];
}

/** The message of a frame's content; its `bytes` share the content's memory. Throws when it is none. */
export function decodeMessage(content: Buffer): unknown {
  const end = 4 + content.readUInt32BE(0);
  const message = JSON.parse(content.toString('utf8', 4, end)) as object;
  if (end === content.length) return message;
  const bytes: Uint8Array[] = [];
  for (let at = end; at < content.length; ) {
    const from = at + 4;
    at = from + content.readUInt32BE(at);
    if (at > content.length) throw new Error(`a part of ${at - from} bytes goes beyond its frame`);
    bytes.push(content.subarray(from, at));
  }
  return { ...message, bytes };
}

/** Cuts a byte stream into the contents of frames; throws on one that is too long. */
export function frameDecoder(onFrame: (content: Buffer) => void): (chunk: Buffer) => void {
  let parts: Buffer[] = [];
  let have = 0;
  let need = 4;
  return (chunk) => {
    parts.push(chunk);
    have += chunk.length;
    if (have < need) return; // Join only when something is whole, so a long frame costs one copy.
    let bytes = parts.length === 1 ? chunk : Buffer.concat(parts);
    for (;;) {
      need = bytes.length >= 4 ? 4 + bytes.readUInt32BE(0) : 4;
      if (need > FRAME_BYTES_MAX) throw new Error(`frame of ${need} bytes is too long`);
      if (bytes.length < need || bytes.length < 4) break;
      onFrame(bytes.subarray(4, need));
      bytes = bytes.subarray(need);
    }
    parts = bytes.length > 0 ? [bytes] : [];
    have = bytes.length;
  };
}

function lengthOf(part: Uint8Array): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32BE(part.length);
  return length;
}
