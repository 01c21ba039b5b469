/** The watched folder and the incidents it may open. */
import type { Incidents } from '../control/api/parts.ts';
import type { Store } from '../store/types.ts';

export async function startFolder({ store }: { store: Store; [more: string]: unknown }): Promise<{ incidents: Incidents; stop(): Promise<void> }> {
  return {
    incidents: { list: (filter) => store.incidents.list(filter), confirm: async () => {} },
    stop: async () => {},
  };
}
