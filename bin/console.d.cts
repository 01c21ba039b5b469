/** Builds the console of a checkout when what it is made of changed; answers a sentence when it could not. */
export function ensureConsole(root: string, node?: string): Promise<string | null>;
/** Hash over every file the build reads. */
export function sourceHash(root: string): string;
