/** Lends query engines of real connections to the checks of data APIs. */
import type { Connections } from '../../connections/connections.ts';
import type { QueryLender } from './checks.ts';

/** Opens a connection for each piece of work; the room of connections keeps it warm for the next. */
export function createQueryLender(connections: Pick<Connections, 'open'>): QueryLender {
  return {
    async withEngine(connection, work, signal) {
      const connector = connections.open(connection);
      try {
        if (!connector.query) throw new Error(`a connection of type ${connection.type} cannot answer queries`);
        return await work(connector.query, signal);
      } finally {
        await connector.close();
      }
    },
  };
}
