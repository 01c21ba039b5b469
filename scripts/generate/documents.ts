/** What is rendered from the loaded components: documents, schemas and the client. */

/** Pairs of path and content. */
export async function renderDocuments(): Promise<[string, string][]> {
  return [];
}
