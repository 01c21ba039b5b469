/** Which project the links of this page carry: the one in its address, or the last one chosen when only the console was asked for. */
const KEY = 'weir.project';

/** The part of the address that tells a project. */
export interface ProjectSearch {
  readonly project?: string;
}

let chosen: string | undefined;

/**
 * The project to begin with. An address of a view is taken at its word: without a project it shows all of them, whoever opens
 * it. The bare address of the console goes on with the project chosen last. Pure.
 */
export function firstProject(pathname: string, search: string, kept: string | null): string | undefined {
  const told = new URLSearchParams(search).get('project') ?? '';
  if (told !== '') return told;
  return pathname === '/' && search === '' && kept !== null && kept !== '' ? kept : undefined;
}

/** Reads the address and the browser's memory once, before the router does; a project taken up again stands in the address. */
export function takeUpProject(): void {
  chosen = firstProject(location.pathname, location.search, localStorage.getItem(KEY));
  if (chosen !== undefined && location.search === '')
    history.replaceState(history.state, '', `?${new URLSearchParams({ project: chosen })}`);
}

/** Chooses a project for all links from now on, or all of them. */
export function chooseProject(project: string | undefined): void {
  chosen = project;
  try {
    if (project === undefined) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, project);
  } catch {
    // No room, or none allowed: it holds for this page.
  }
}

/** The search part of a link with the chosen project, unless the link names one itself. */
export function withProject<Search extends ProjectSearch>(search: Search): Search {
  return search.project === undefined && chosen !== undefined ? { ...search, project: chosen } : search;
}
