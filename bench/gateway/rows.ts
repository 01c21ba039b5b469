/** What is measured: each row runs its proxies in turn, slot by slot, the first one being what the others are compared with. */
import type { Ask } from './load.ts';

export interface Row {
  readonly name: string;
  readonly ask: Ask;
  readonly peers: readonly string[];
  /** Measured with `--quick` too. */
  readonly quick?: boolean;
}

const BARE = ['nginx', 'HAProxy', 'node:http + undici', 'Weir, bare'];
const BODIES = ['nginx', 'HAProxy', 'Weir, bare'];
const SECURE = ['nginx', 'HAProxy', 'Node alone', 'Weir, bare', 'Weir, all policies, 1,000 routes'];
const small: Ask = { path: '/', connections: 64 };

export const ROWS: readonly Row[] = [
  { name: '200 B, bare', ask: small, peers: BARE, quick: true },
  {
    name: '200 B, policies',
    ask: small,
    peers: [
      'nginx',
      'nginx + Lua (key, 2 counters, id)',
      'Weir, all policies, 1 route',
      'Weir, all policies, 1,000 routes',
      'Weir, all policies, 5,000 routes',
      'Weir, long chain',
    ],
    quick: true,
  },
  {
    name: '200 B, upstream pipelining',
    ask: small,
    peers: ['nginx', 'Weir, bare', 'Weir, bare, pipelining 16', 'Weir, all policies, 1,000 routes, pipelining 16'],
  },
  {
    name: '200 B, the product',
    ask: small,
    peers: ['nginx', 'Weir, all policies, 1,000 routes', 'Weir, the product, all policies, 1,000 routes'],
    quick: true,
  },
  {
    name: '200 B, routes',
    ask: { path: '/svc0/v1/items/7/a', connections: 64 },
    peers: [
      'nginx, 1,000 locations',
      'nginx, 5,000 locations',
      'Weir, no policies, 1 route',
      'Weir, no policies, 1,000 routes',
      'Weir, no policies, 5,000 routes',
    ],
  },
  {
    name: '200 B, other gateways',
    ask: small,
    peers: ['nginx', 'Envoy', 'KrakenD’s engine (Lura)', 'Spring Cloud Gateway', 'Weir, bare'],
  },
  { name: 'TLS, 200 B', ask: { ...small, over: 'https' }, peers: SECURE },
  { name: 'TLS, 16 KB', ask: { path: '/16k', connections: 32, over: 'https' }, peers: BODIES },
  { name: 'TLS, a handshake per request', ask: { path: '/', connections: 8, over: 'handshakes' }, peers: SECURE.slice(0, 4) },
  { name: 'TLS, a session resumed per request', ask: { path: '/', connections: 8, over: 'resumptions' }, peers: SECURE.slice(0, 4) },
  { name: 'HTTP/2 over TLS, 32 × 10', ask: { path: '/', connections: 32, over: 'h2' }, peers: SECURE },
  { name: '1 KB', ask: { path: '/1k', connections: 64 }, peers: BODIES },
  { name: '16 KB', ask: { path: '/16k', connections: 32 }, peers: BODIES, quick: true },
  { name: '1 MB', ask: { path: '/1024k', connections: 16 }, peers: BODIES },
  { name: 'POST 1 KB', ask: { path: '/read', post: 1024, connections: 64 }, peers: BODIES },
  { name: 'POST 16 KB', ask: { path: '/read', post: 16_384, connections: 32 }, peers: BODIES },
  { name: 'POST 1 MB', ask: { path: '/read', post: 1 << 20, connections: 16 }, peers: BODIES },
  { name: 'POST 1 MB, answered before it is read', ask: { path: '/', post: 1 << 20, connections: 16 }, peers: BODIES },
];

/** Open-loop at half of what nginx and bare Weir both carry. */
export const LATENCY_PEERS = ['nginx', 'Weir, bare', 'Weir, all policies, 1,000 routes'];
/** Memory of idle connections. */
export const MEMORY_PEERS = ['nginx', 'Weir, all policies, 1,000 routes'];
