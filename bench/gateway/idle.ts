/** Opens idle keep-alive connections, each after one answered request, and holds them. Run: idle.ts <port> <count> <key> */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

const AT_ONCE = 200;
const [port, count, key] = process.argv.slice(2);
const request = `GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: ${key}\r\n\r\n`;
const held: Socket[] = [];

async function open(): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port: Number(port), noDelay: true });
  held.push(socket);
  await once(socket, 'connect');
  socket.write(request);
  await once(socket, 'data');
}

while (held.length < Number(count)) await Promise.all(Array.from({ length: AT_ONCE }, open));
console.log(held.length);
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
