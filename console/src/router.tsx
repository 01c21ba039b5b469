/** The router: one route per page found, each loaded when it is first visited. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { pages } from './pages/page.ts';
import { takeUpProject, withProject } from './ui/chosen-project.ts';
import { Frame } from './ui/frame.tsx';
import { LostPage, PageFailed } from './ui/lost-page.tsx';

takeUpProject();

const root = createRootRoute({
  component: Frame,
  notFoundComponent: LostPage,
  errorComponent: PageFailed,
  validateSearch: (search: Record<string, unknown>) => search,
  search: { middlewares: [({ search, next }) => withProject(next(search))] },
});

const routes = pages.map((page) =>
  createRoute({ getParentRoute: () => root, path: page.path, component: lazyRouteComponent(page.load), errorComponent: PageFailed }),
);

/** Search values stay plain text in the address: `?status=failed`, never JSON. */
export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  parseSearch: (text) => Object.fromEntries(new URLSearchParams(text)),
  stringifySearch(search) {
    const kept = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== '');
    const text = new URLSearchParams(kept.map(([name, value]) => [name, String(value)])).toString();
    return text ? `?${text}` : '';
  },
});

// A link that left with its page took the keys along: they go on at the new page, not at the top of the window.
router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
  if (fromLocation && pathChanged && (document.activeElement ?? document.body) === document.body) {
    document.getElementById('content')?.focus({ preventScroll: true });
  }
});
