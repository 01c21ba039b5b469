/** A resource in the words of other tools. Pure. */

interface Named {
  readonly project: string;
  readonly kind: string;
  readonly name: string;
  readonly text: string;
}

/** Id, document, CLI command and curl call of a resource. `origin` is the control address. */
export function copies({ project, kind, name, text }: Named, origin: string) {
  const address = `${origin}/api/v1/projects/${project}/resources/${kind}/${name}`;
  return {
    id: `${project}/${kind}/${name}`,
    yaml: text,
    cli: `weir get ${kind} ${name} --project ${project} -o yaml`,
    curl: `curl -H "authorization: Bearer $WEIR_TOKEN" -H 'accept: application/yaml' '${address}'`,
  };
}
