/**
 * The frame of every page: navigation at the side, project, search, language, theme and user on top. It is the first
 * thing drawn, so it uses plain elements; pages bring antd's larger parts in chunks of their own.
 */
import { LogoutOutlined, QuestionCircleOutlined, SearchOutlined, UserOutlined } from '@ant-design/icons';
import { useQuery } from '@tanstack/react-query';
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { Button } from 'antd';
import { type ComponentType, lazy, type ReactNode, Suspense, useMemo, useState } from 'react';
import { api } from '../api/client.ts';
import { type Session, useSession } from '../api/session.tsx';
import { GROUPS, type Page, pages } from '../pages/page.ts';
import { LanguageSwitch, ThemeSwitch } from './choices.tsx';
import { keyWords } from './key-words.ts';
import { useKeys } from './keys.ts';
import { useSay } from './language.tsx';
import { useProject } from './project.tsx';
import { Waiting } from './waiting.tsx';

const Palette = lazy(() => import('./palette.tsx'));
const KeyHelp = lazy(() => import('./key-help.tsx'));
// Asked for at once: every page stands below it.
const messages = import('./messages.tsx');
const LateMessages = lazy(() => messages);
let loadedMessages: ComponentType<{ readonly children: ReactNode }> | undefined;
/** Resolves when the frame has all it needs to be drawn without a placeholder. */
export const frameParts: Promise<void> = messages.then((module) => void (loadedMessages = module.default));

const texts = {
  skip: { en: 'To the content', zh: '跳到内容' },
  start: { en: 'Start', zh: '开始' },
  data: { en: 'Data', zh: '数据' },
  gateway: { en: 'Gateway', zh: '网关' },
  operate: { en: 'Operate', zh: '运维' },
  settings: { en: 'Settings', zh: '设置' },
  search: { en: 'Search', zh: '搜索' },
  project: { en: 'Project', zh: '项目' },
  allProjects: { en: 'All projects', zh: '所有项目' },
  keys: { en: 'Keys', zh: '快捷键' },
  account: { en: 'Account', zh: '账户' },
  logout: { en: 'Log out', zh: '退出登录' },
  navigation: { en: 'Navigation', zh: '导航' },
};

/** Frame around the page in use. */
export function Frame() {
  const say = useSay();
  const session = useSession();
  const [open, setOpen] = useState<'palette' | 'keys' | undefined>();
  const navigate = useNavigate();
  const offered = useMemo(() => pages.filter((page) => page.permission === undefined || session.may(page.permission)), [session]);
  const actions = useMemo(
    () => ({
      'mod+k': () => setOpen('palette'),
      '/': () => focusSearch() || setOpen('palette'),
      '?': () => setOpen('keys'),
      ...Object.fromEntries(offered.flatMap((p) => (p.nav?.key ? [[`g ${p.nav.key}`, () => void navigate({ to: p.path })]] : []))),
    }),
    [offered, navigate],
  );
  useKeys(actions);
  const close = () => setOpen(undefined);
  // Which of the two is drawn stays, or all below would be made anew.
  const [Around] = useState(() => loadedMessages ?? LateMessages);
  return (
    <div className="weir-frame">
      <a className="weir-skip" href="#content">
        {say(texts.skip)}
      </a>
      <aside className="weir-side">
        <Link to="/" className="weir-brand">
          <img src="/icon.svg" alt="" width={28} height={28} />
          <span>Weir 堰</span>
        </Link>
        <Navigation offered={offered} />
      </aside>
      <div style={{ minWidth: 0 }}>
        <header className="weir-top">
          <ProjectChoice />
          <Button icon={<SearchOutlined aria-hidden />} onClick={() => setOpen('palette')} style={{ marginInlineStart: 'auto' }}>
            {say(texts.search)} <kbd>{keyWords('mod K')}</kbd>
          </Button>
          <IconButton label={say(texts.keys)} icon={<QuestionCircleOutlined aria-hidden />} onClick={() => setOpen('keys')} />
          <LanguageSwitch />
          <ThemeSwitch />
          <Account session={session} />
        </header>
        <main id="content" className="weir-content" tabIndex={-1}>
          <Suspense fallback={<Waiting />}>
            <Around>
              <Outlet />
            </Around>
          </Suspense>
        </main>
      </div>
      <Suspense fallback={null}>
        {open === 'palette' ? <Palette pages={offered} onClose={close} /> : null}
        {open === 'keys' ? <KeyHelp pages={offered} onClose={close} /> : null}
      </Suspense>
    </div>
  );
}

/** Puts the caret into the page's own search field; false when it has none. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('[data-search] input, input[data-search]');
  field?.focus();
  return field !== null;
}

function IconButton(props: { readonly label: string; readonly icon: React.ReactNode; readonly onClick: () => void }) {
  return <Button type="text" icon={props.icon} aria-label={props.label} title={props.label} onClick={props.onClick} />;
}

function Navigation({ offered }: { readonly offered: readonly Page[] }) {
  const say = useSay();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const current = offered
    .filter((page) => page.nav && (path === page.path || path.startsWith(`${page.path}/`)))
    .sort((a, b) => b.path.length - a.path.length)[0]?.path;
  const groups = GROUPS.map((group) => ({
    group,
    members: offered.filter((page) => page.nav?.group === group).sort((a, b) => a.nav!.order - b.nav!.order),
  })).filter(({ members }) => members.length > 0);
  return (
    <nav aria-label={say(texts.navigation)} className="weir-nav">
      {groups.map(({ group, members }) => (
        <section key={group} aria-label={say(texts[group])}>
          {group === 'start' ? null : <h2>{say(texts[group])}</h2>}
          <ul>
            {members.map(({ path: to, title, nav }) => {
              const Icon = nav!.icon;
              return (
                <li key={to}>
                  <Link to={to} aria-current={current === to ? 'page' : undefined} title={say(title)}>
                    <Icon aria-hidden />
                    <span>{say(title)}</span>
                  </Link>
                </li>
              );
            })}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function ProjectChoice() {
  const say = useSay();
  const { project, choose } = useProject();
  const { data = [] } = useQuery({ queryKey: ['projects'], queryFn: async () => (await api.listProjects({})).data.items });
  const names = data.map((item) => item.name);
  if (project !== undefined && !names.includes(project)) names.push(project);
  return (
    <select
      className="weir-choice"
      aria-label={say(texts.project)}
      value={project ?? ''}
      onChange={(event) => choose(event.target.value === '' ? undefined : event.target.value)}
    >
      <option value="">{say(texts.allProjects)}</option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function Account({ session }: { readonly session: Session }) {
  const say = useSay();
  return (
    <>
      <Link
        to="/settings"
        className="weir-choice"
        aria-label={`${say(texts.account)}: ${session.who.name}`}
        style={{ display: 'flex', alignItems: 'center', gap: 6, textDecoration: 'none' }}
      >
        <UserOutlined aria-hidden /> {session.who.name}
      </Link>
      <IconButton label={say(texts.logout)} icon={<LogoutOutlined aria-hidden />} onClick={() => void session.logout()} />
    </>
  );
}
