/** The route of a call as a link to where it is configured: a route's page, or its data API's. */
import { Link } from '@tanstack/react-router';
import { dataApiOf } from './call-route.ts';

export function RouteLink({ project, route }: { readonly project: string; readonly route: string }) {
  if (route === '') return <>—</>;
  if (project === '') return <>{route}</>;
  const api = dataApiOf(route);
  return <Link to={api === undefined ? `/routes/${project}/${route}` : `/data-apis/${project}/${api}`}>{api ?? route}</Link>;
}
