// Aim: gRPC passes in all four kinds of call, with metadata, trailers, statuses, deadlines and cancelling both ways, unbuffered;
// what the gateway refuses itself reaches the caller as a status. Method: the client and the server of @grpc/grpc-js, with
// messages that are bytes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  type ClientDuplexStream,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Disposition, GatewayExchange } from '../contract.ts';
import gatewayProblems from '../problems.ts';
import { eventually, type Gateway, startGateway } from '../http/fixture.ts';

const bytes = (value: Buffer): Buffer => value;
const kind = (path: string, requestStream: boolean, responseStream: boolean) => ({
  path,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const KINDS = {
  one: kind('/test.Echo/One', false, false),
  many: kind('/test.Echo/Many', false, true),
  gather: kind('/test.Echo/Gather', true, false),
  talk: kind('/test.Echo/Talk', true, true),
};

let server: Server;
let gateway: Gateway;
let client: Client;
let cancelled = 0;
let decide: ((exchange: GatewayExchange) => Disposition | undefined) | undefined;

const handlers = {
  one(call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
    const text = call.request.toString();
    call.on('cancelled', () => cancelled++);
    if (text === 'wait') return;
    if (text === 'fail') return done({ code: status.FAILED_PRECONDITION, details: 'not 现在', metadata: tagged('x-why', 'because') });
    const first = new Metadata();
    first.set('x-first', String(call.metadata.get('x-asked')[0] ?? ''));
    call.sendMetadata(first);
    done(null, Buffer.concat([Buffer.from('got '), call.request]), tagged('x-last', 'yes'));
  },
  many(call: ServerWritableStream<Buffer, Buffer>) {
    const count = Number(call.request.toString());
    for (let at = 0; at < count; at++) call.write(Buffer.from(`m${at}`));
    call.end(tagged('x-count', String(count)));
  },
  gather(call: ServerReadableStream<Buffer, Buffer>, done: sendUnaryData<Buffer>) {
    let size = 0;
    call.on('data', (message: Buffer) => (size += message.length));
    call.on('end', () => done(null, Buffer.from(String(size))));
  },
  talk(call: ServerDuplexStream<Buffer, Buffer>) {
    call.on('cancelled', () => cancelled++);
    call.on('data', (message: Buffer) => call.write(Buffer.concat([Buffer.from('re '), message])));
    call.on('end', () => call.end());
  },
};

function tagged(name: string, value: string): Metadata {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
}

before(async () => {
  server = new Server();
  server.addService(KINDS, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))),
  );
  gateway = await startGateway({
    ports: [port],
    decide: (exchange) => decide?.(exchange),
    upstream: { http2: { connectionsMax: 1, streamsMax: 100, windowBytes: 65_536, pingMs: 30_000 } },
  });
  client = new Client(`127.0.0.1:${gateway.port}`, credentials.createInsecure());
});

after(async () => {
  client.close();
  server.forceShutdown();
  await gateway.stop();
});

interface Told {
  readonly error: ServiceError | null;
  readonly message: string;
  readonly first: Metadata | undefined;
  readonly last: Metadata | undefined;
}

function one(text: string, options: { deadline?: Date } = {}, metadata = new Metadata()): Promise<Told> {
  return new Promise((resolve) => {
    let first: Metadata | undefined;
    let last: Metadata | undefined;
    let told: [ServiceError | null, Buffer | undefined] | undefined;
    const end = () => told && last && resolve({ error: told[0], message: told[1]?.toString() ?? '', first, last });
    const call = client.makeUnaryRequest(KINDS.one.path, bytes, bytes, Buffer.from(text), metadata, options, (error, message) => {
      told = [error, message];
      end();
    });
    call.on('metadata', (got) => (first = got));
    call.on('status', (got) => {
      last = got.metadata;
      end();
    });
  });
}

test('one request, one answer: metadata before and after it', async () => {
  const { error, message, first, last } = await one('this', {}, tagged('x-asked', 'that'));
  assert.equal(error, null);
  assert.equal(message, 'got this');
  assert.deepEqual(first!.get('x-first'), ['that']);
  assert.deepEqual(last!.get('x-last'), ['yes']);
});

test('a failure keeps its status, its text and what it says besides', async () => {
  const { error, last } = await one('fail');
  assert.equal(error!.code, status.FAILED_PRECONDITION);
  assert.equal(error!.details, 'not 现在');
  assert.deepEqual(last!.get('x-why'), ['because']);
  assert.equal(gateway.outcomes.at(-1)!.outcome.reason, '');
});

test('one request, many answers', async () => {
  const call = client.makeServerStreamRequest(KINDS.many.path, bytes, bytes, Buffer.from('500'));
  const got: string[] = [];
  call.on('data', (message: Buffer) => got.push(message.toString()));
  const trailers = await new Promise<Metadata>((resolve) => call.on('status', ({ metadata }) => resolve(metadata)));
  assert.deepEqual([got.length, got[0], got[499]], [500, 'm0', 'm499']);
  assert.deepEqual(trailers.get('x-count'), ['500']);
});

test('many requests, one answer, of a megabyte in all', async () => {
  const sum = await new Promise<string>((resolve, reject) => {
    const call = client.makeClientStreamRequest(KINDS.gather.path, bytes, bytes, (error, message?: Buffer) =>
      error ? reject(error) : resolve(message!.toString()),
    );
    for (let at = 0; at < 100; at++) call.write(Buffer.alloc(10_000));
    call.end();
  });
  assert.equal(sum, '1000000');
});

const talk = (): ClientDuplexStream<Buffer, Buffer> => client.makeBidiStreamRequest(KINDS.talk.path, bytes, bytes);

test('both sides talk in turns: nothing is held back until the end', async () => {
  const call = talk();
  for (let at = 0; at < 20; at++) {
    const answer = new Promise<string>((resolve) => call.once('data', (message: Buffer) => resolve(message.toString())));
    call.write(Buffer.from(String(at)));
    assert.equal(await answer, `re ${at}`);
  }
  const ended = new Promise<number>((resolve) => call.on('status', ({ code }) => resolve(code)));
  call.end();
  assert.equal(await ended, status.OK);
});

test('who cancels, or runs out of time, ends the work of the server', async () => {
  cancelled = 0;
  const call = talk();
  call.on('error', () => {});
  const answer = new Promise((resolve) => call.once('data', resolve));
  call.write(Buffer.from('a'));
  await answer;
  call.cancel();
  await eventually(() => cancelled === 1, 'the server heard of it');
  await eventually(() => gateway.outcomes.at(-1)!.outcome.reason === 'client-closed', 'it is recorded');
  const late = await one('wait', { deadline: new Date(Date.now() + 200) });
  assert.equal(late.error!.code, status.DEADLINE_EXCEEDED);
  await eventually(() => cancelled === 2, 'the server heard of that too');
});

test('what the gateway refuses is a status of gRPC with its words', async () => {
  const table = [
    [gatewayProblems.raise['credential-missing']({ values: { methods: 'api-key' } }), status.UNAUTHENTICATED],
    [gatewayProblems.raise['consumer-disabled'](), status.PERMISSION_DENIED],
    [gatewayProblems.raise['route-not-found'](), status.UNIMPLEMENTED],
    [gatewayProblems.raise['upstream-missing']({ retryAfterMs: 1000 }), status.UNAVAILABLE],
  ] as const;
  for (const [problem, code] of table) {
    decide = () => ({ kind: 'problem', problem });
    const { error, message } = await one('this');
    assert.equal(error!.code, code);
    assert.equal(message, '');
    assert.equal(error!.details, problem.toBody('en').detail);
    assert.equal(gateway.outcomes.at(-1)!.outcome.status, problem.status);
  }
  decide = undefined;
  assert.equal((await one('again')).message, 'got again');
});

test('nothing is left of all these calls', async () => {
  await eventually(() => gateway.engine.stats().upstream.open === 0, 'no stream to the server is open');
  assert.equal(gateway.engine.stats().listener.connections, 1);
});
