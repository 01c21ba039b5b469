/**
 * What operations work with. main.ts hands it over, so that an operation names what it needs and a
 * test can run the real rooms on a temporary store.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ProblemCatalogue } from '../../base/problem.ts';
import type { CheckStep } from '../../sdk/connector.ts';
import type { Batch, StreamSchema } from '../../sdk/record.ts';
import type { Registry } from '../../sdk/registry.ts';
import type { RunStore } from '../../sdk/run.ts';
import type { Resources } from '../resources/types.ts';

/** Tries connections of the store, as the Connection resource says; every wait ends with the signal. */
export interface ConnectionProbe {
  check(project: string, name: string, signal: AbortSignal): Promise<readonly CheckStep[]>;
  discover(project: string, name: string, signal: AbortSignal): Promise<readonly StreamSchema[]>;
  preview(project: string, name: string, stream: string, rows: number, signal: AbortSignal): Promise<Batch>;
}

/** One step of the sample's loading or removing, for people. */
export interface SampleReport {
  readonly state: 'absent' | 'loaded' | 'removed';
  /** What was done, one line each. */
  readonly notes: readonly string[];
}

/** The sample project: loaded and removed by one call each; a removed one stays removed until loaded again. */
export interface Sample {
  status(): Promise<SampleReport>;
  load(actor: { name: string; address: string | undefined }, signal: AbortSignal): Promise<SampleReport>;
  remove(actor: { name: string; address: string | undefined }, signal: AbortSignal): Promise<SampleReport>;
}

/** One finding of `doctor`. */
export interface Finding {
  readonly check: string;
  readonly level: 'ok' | 'warning' | 'failed';
  /** What was found and, unless all is well, what to do. No secret. */
  readonly detail: { readonly en: string; readonly zh: string };
}

/** A role process that is connected to control. */
export interface NodeStatus {
  readonly role: 'gateway' | 'worker';
  readonly instance: string;
  readonly pid: number;
  /** Milliseconds since 1970 at its hello. */
  readonly since: number;
  readonly threads: readonly {
    readonly thread: number;
    readonly revision: number;
    readonly hash: string;
    readonly failed: readonly { readonly key: string; readonly reason: string }[];
  }[];
}

/** What control holds now, and who has it. */
export interface FleetStatus {
  readonly revision: number;
  readonly hash: string;
  readonly nodes: readonly NodeStatus[];
}

/** A published data API. */
export interface PublishedApi {
  readonly project: string;
  readonly name: string;
  readonly path: string;
  readonly release: string;
  readonly description: string | undefined;
  /** OpenAPI 3.1 path item. */
  readonly pathItem: Readonly<Record<string, unknown>>;
  readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Parts {
  readonly resources: Resources;
  readonly runs: RunStore;
  readonly probe: ConnectionProbe;
  readonly sample: Sample;
  readonly registry: Registry;
  readonly catalogues: readonly ProblemCatalogue[];
  readonly publications: (projects: readonly string[] | undefined) => readonly PublishedApi[];
  readonly fleet: () => FleetStatus;
  readonly doctor: (signal: AbortSignal) => Promise<readonly Finding[]>;
  /** Tells workers that a run waits. */
  readonly runsWaiting: () => void;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
}
