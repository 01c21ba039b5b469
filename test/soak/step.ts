/** What a step of `npm run soak` is: one file `test/soak/<name>.soak.ts` with a default export; nothing else to edit. */

export interface SoakOptions {
  /** Part of the whole work to do: 1, or less for a short run. */
  readonly share: number;
  /** Seeds differ from run to run, and stand in the results. */
  readonly seed: number;
}

export interface SoakStep {
  readonly name: string;
  /** Why it cannot run here, or undefined. */
  missing?(): string | undefined;
  /** What it did, in numbers and words. Raises when something is wrong. */
  run(options: SoakOptions): Promise<Readonly<Record<string, number | string>>>;
}
