/**
 * The one file that knows everybody. Run by `weir`: with `--role-process` it is a role that the
 * supervisor started, otherwise the command line. Rooms are loaded when they are needed, so that
 * `weir get` does not pay for the gateway.
 */
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

// Not in the shared temporary folder, Node's choice: whoever made the folder there first could run code as us.
enableCompileCache(process.env['NODE_COMPILE_CACHE'] ?? path.join(homedir(), '.cache', 'weir'));

if (process.argv[2] === '--role-process') {
  const { runRole } = await import('./wire/role.ts');
  runRole();
} else {
  const { runCommandLine } = await import('./wire/command-line.ts');
  process.exitCode = await runCommandLine(process.argv.slice(2));
  if (process.connected) process.disconnect?.(); // The launcher's line must not keep us.
}
