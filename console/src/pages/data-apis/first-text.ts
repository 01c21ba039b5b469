/** What a new data API begins with. Pure. */

/** A document of a new data API in a project. */
export function firstText(project: string): string {
  return `apiVersion: weir/v1
kind: DataApi
metadata:
  name: ""
  project: ${project}
spec:
  connection: ""
  path: /data/v1/
  sql: ""
  auth:
    - type: api-key
`;
}
