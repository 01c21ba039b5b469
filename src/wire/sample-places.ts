/** Where the sample's parts are: remembered in the data folder, so that they are the same at each start. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import type { SamplePlaces } from '../sample/documents.ts';

/** Below the first of `files.roots`. */
export const SAMPLE_FOLDER = 'sample';
const FILE = 'sample.json';
const FIRST_PORT = 8090;
const PORTS = 100;

export function readSamplePlaces(dataFolder: string): SamplePlaces {
  return JSON.parse(readFileSync(path.join(dataFolder, FILE), 'utf8')) as SamplePlaces;
}

/** Chooses a free port from 8090 on and remembers it. */
export async function chooseSamplePlaces(dataFolder: string, taken: readonly number[]): Promise<SamplePlaces> {
  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port++) {
    if (taken.includes(port) || !(await isFree(port))) continue;
    const places = { crmPort: port };
    writeFileSync(path.join(dataFolder, FILE), JSON.stringify(places), { mode: 0o600 });
    return places;
  }
  throw new Error(`no free port from ${FIRST_PORT} to ${FIRST_PORT + PORTS - 1} for the sample CRM`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
